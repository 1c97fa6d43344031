"""A small public run for all tests of this folder, and copies of it to plant leaks in."""

import contextlib
import json
import shutil
from pathlib import Path

import pytest
from pilot_fixtures import write_small_pilot

from pilot_analysis.batch import run as run_module
from pilot_analysis.batch import run_briefs


@pytest.fixture(scope="session")
def place(zygote, tmp_path_factory):
    """A folder with the small pilot; its key and the warm process hold for the whole session."""
    folder = tmp_path_factory.mktemp("release")
    write_small_pilot(folder / "pilot")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PILOT_ANALYSIS_KEY_FILE", str(folder / "key"))
        patch.setattr(run_module, "Zygote", lambda: contextlib.nullcontext(zygote))
        yield folder


@pytest.fixture(scope="session")
def made(place):
    """The pilot's folder, and that of a run of it for the public."""
    run = run_briefs(place / "pilot", place / "reports", "public")
    assert not run.failed
    return place / "pilot", run.folder


@pytest.fixture(scope="session")
def made_for_team(place):
    """The folder of a run of the same pilot for its team, in another folder of reports."""
    run = run_briefs(place / "pilot", place / "of_the_team", "team")
    assert not run.failed
    return run.folder


@pytest.fixture
def pilot(place, tmp_path):
    """A copy of the pilot, to break."""
    return Path(shutil.copytree(place / "pilot", tmp_path / "pilot"))


@pytest.fixture
def run(made, tmp_path):
    """A copy of the run, in a folder of its own."""
    folder = tmp_path / "reports" / "small" / made[1].name
    shutil.copytree(made[1], folder)
    return folder


@pytest.fixture
def edit():
    """`edit(path, change)`: let `change` have what a JSON file holds, and write it back."""

    def edited(path: Path, change):
        value = json.loads(path.read_text(encoding="utf-8"))
        change(value)
        path.write_text(json.dumps(value), encoding="utf-8")

    return edited


@pytest.fixture
def replace():
    """`replace(path, old, new)`: change the first place in a text."""

    def replaced(path: Path, old: str, new: str):
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return replaced
