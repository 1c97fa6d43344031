"""A small valid pilot on disk, and what loading it says once a test has broken it."""

from pathlib import Path

import pytest
from pilot_fixtures import write_small_pilot

from pilot_analysis.errors import DataError
from pilot_analysis.pilot import load_pilot


@pytest.fixture(autouse=True)
def _own_key(tmp_path, monkeypatch):
    monkeypatch.setenv("PILOT_ANALYSIS_KEY_FILE", str(tmp_path / "key"))


@pytest.fixture
def small_pilot(tmp_path) -> Path:
    """Folder of a pilot that passes every check."""
    return write_small_pilot(tmp_path / "small")


@pytest.fixture
def edit(small_pilot):
    """`edit(file, old, new)`: replace a text that must be there, once, in a file of the pilot."""

    def replace(file, old, new):
        path = small_pilot / file
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{file} has no {old!r}"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return replace


@pytest.fixture
def complaint(small_pilot):
    """`complaint()`: the lines of the `DataError` that loading the pilot raises."""

    def load():
        with pytest.raises(DataError) as caught:
            load_pilot(small_pilot)
        return [line.strip() for line in str(caught.value).splitlines()[1:]]

    return load
