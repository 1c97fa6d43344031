"""The demo in data/raw is what the simulation exports, and reads as what was simulated."""

import gzip
import io
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from pilot_analysis import load_pilot
from pilot_analysis.schema import TABLES
from pilot_analysis.simulate import DEMO_SEED, simulate_pilot
from pilot_analysis.simulate.exports import write_exports
from pilot_analysis.simulate.exports.questions import AGREEMENT, QUESTIONS

DEMO = Path(__file__).parents[2] / "data" / "raw" / "demo"
BY_HAND = {"README.md", "pilot.toml"}
LARGEST_DEMO = 6_000_000


@pytest.fixture(scope="module")
def simulated():
    return simulate_pilot(seed=DEMO_SEED)


@pytest.fixture(scope="module")
def written(simulated, tmp_path_factory):
    """The folder that the simulation writes, and what it says must be set aside."""
    folder = tmp_path_factory.mktemp("demo")
    return folder, write_exports(simulated, folder)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PILOT_ANALYSIS_KEY_FILE", str(tmp_path_factory.mktemp("key") / "key"))
        yield load_pilot(DEMO)


def contents(folder):
    """What the files of a folder hold, unpacked: another zlib may pack the same in other bytes."""
    found = {}
    for path in (p for p in sorted(folder.rglob("*")) if p.is_file()):
        name, data = path.relative_to(folder).as_posix(), path.read_bytes()
        if path.suffix in (".zip", ".xlsx"):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                found |= {f"{name}/{inside}": archive.read(inside) for inside in archive.namelist()}
        else:
            found[name] = gzip.decompress(data) if path.suffix == ".gz" else data
    return {name: data for name, data in found.items() if name not in BY_HAND}


def test_committed_demo_is_what_the_simulation_exports(written):
    made, committed = contents(written[0]), contents(DEMO)
    assert made.keys() == committed.keys()
    stale = [name for name in made if made[name] != committed[name]]
    assert not stale, f"write data/raw/demo again: {', '.join(stale)} differ"
    assert sum(path.stat().st_size for path in DEMO.rglob("*") if path.is_file()) < LARGEST_DEMO


def test_loaded_demo_equals_the_simulated_tables_but_for_unknown_students(simulated, loaded):
    for name, frame in simulated.tables.items():
        if "student_id" in frame:
            frame = frame[~frame["student_id"].str.startswith("X")]
        read = loaded.tables[name].sort_values(list(TABLES[name].key), ignore_index=True)
        pd.testing.assert_frame_equal(
            read, frame.reset_index(drop=True), check_exact=True, obj=name
        )


def test_ledger_tells_every_row_that_does_not_count(written, loaded):
    aside = loaded.ledger[loaded.ledger["step"] == "set aside"]
    told = aside.groupby(["table", "unit", "reason"])["rows"].sum().to_dict()
    assert told == written[1].set_index(["table", "unit", "reason"])["rows"].to_dict()
    unknown = aside[aside["reason"] == "student not on the roster"]
    assert set(unknown["table"]) == {"licenses", "assessments", "usage"}


def test_readme_speaks_of_every_file():
    text = (DEMO / "README.md").read_text(encoding="utf-8")
    for path in DEMO.iterdir():
        assert path.name in BY_HAND or f"`{path.name}{'/' * path.is_dir()}" in text, path.name


def test_the_forms_ask_what_the_configuration_says(loaded):
    items = {name: item.question for name, item in loaded.config.items.items()}
    assert {name: items[name] for name in QUESTIONS} == QUESTIONS
    assert loaded.config.answers["agreement"] == AGREEMENT
