"""One small public run for all tests of this folder, and copies of it to plant leaks in."""

import json
import shutil
from pathlib import Path

import pytest
from pilot_fixtures import write_small_pilot

from pilot_analysis.batch import run_briefs


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """The pilot's folder, and that of a run of it for the public."""
    place = tmp_path_factory.mktemp("release")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PILOT_ANALYSIS_KEY_FILE", str(place / "key"))
        pilot = write_small_pilot(place / "pilot")
        run = run_briefs(pilot, place / "reports", "public")
    assert not run.failed
    return pilot, run.folder


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
