"""Exports of a simulated pilot give its clean tables back, and the ledger tells every row."""

import tomllib
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from pilot_analysis import PilotConfig
from pilot_analysis.errors import DataError
from pilot_analysis.ingest import read_tables
from pilot_analysis.schema import TABLES
from pilot_analysis.simulate import simulate_pilot
from pilot_analysis.simulate.exports import write_exports

DEMO = Path(__file__).parents[2] / "data" / "raw" / "demo"
SIZES = [(1, 1, 1), (2, 1, 4), (3, 3, 2), (4, 10, 3), (5, 12, 1)]


@pytest.fixture(autouse=True)
def _own_key(tmp_path, monkeypatch):
    monkeypatch.setenv("PILOT_ANALYSIS_KEY_FILE", str(tmp_path / "key"))


def is_there(folder, source):
    return any(folder.glob(source["file"]))


def config_of(folder):
    """The demo's configuration for the files of a smaller pilot."""
    values = tomllib.loads((DEMO / "pilot.toml").read_text(encoding="utf-8"))
    sources = {}
    for table, given in values.pop("sources").items():
        given = given if isinstance(given, list) else [given]
        if here := [source for source in given if is_there(folder, source)]:
            sources[table] = here
    return PilotConfig(folder=folder, sources=sources, **values)


def rostered(simulated, name):
    """A clean table without the students whom no roster knows, as reading leaves it."""
    frame = simulated.tables[name]
    if "student_id" in frame:
        frame = frame[frame["student_id"].isin(simulated.tables["students"]["student_id"])]
    return frame.reset_index(drop=True)


def assert_same_tables(read, simulated):
    given = {name for name in TABLES if len(rostered(simulated, name))}
    assert read.keys() == given
    for name in given:
        frame = rostered(simulated, name)
        again = read[name].sort_values(list(TABLES[name].key), ignore_index=True)
        assert list(again.columns) == list(frame.columns)
        # The kinds of the columns count, too: a number that was read as text is another number.
        pd.testing.assert_frame_equal(again, frame, check_exact=True, obj=name)


def told(ledger):
    """(table, unit, reason) -> rows that reading set aside."""
    aside = ledger[ledger["step"] == "set aside"]
    return aside.groupby(["table", "unit", "reason"])["rows"].sum().to_dict()


@pytest.mark.parametrize(("seed", "n_schools", "per_class"), SIZES)
def test_exports_read_back_are_the_simulated_tables(seed, n_schools, per_class, tmp_path):
    simulated = simulate_pilot(seed=seed, n_schools=n_schools, students_per_class=per_class)
    planted = write_exports(simulated, tmp_path / "pilot")
    ingested = read_tables(config_of(tmp_path / "pilot"))
    assert_same_tables(ingested.tables, simulated)
    assert told(ingested.ledger) == planted.set_index(["table", "unit", "reason"])["rows"].to_dict()
    assert planted["rows"].gt(0).all()


def test_every_file_is_read_and_holds_some_mess(tmp_path):
    simulated = simulate_pilot(seed=8, n_schools=10, students_per_class=3)
    write_exports(simulated, tmp_path)
    config = config_of(tmp_path)
    patterns = {source.file for sources in config.sources.values() for source in sources}
    used = {path for pattern in patterns for path in tmp_path.glob(pattern)}
    assert used == {path for path in tmp_path.rglob("*") if path.is_file()}
    ledger = read_tables(config).ledger
    assert ledger["rows"].gt(0).all()
    counted = ledger.pivot_table(index=["table", "file", "unit"], columns="step", values="rows",
                                 aggfunc="sum").fillna(0)  # fmt: skip
    assert (counted["read"] == counted["set aside"] + counted["kept"]).all()


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    for folder, seed in (("a", 5), ("b", 5), ("c", 6)):
        write_exports(simulate_pilot(seed=seed, n_schools=2, students_per_class=2),
                      tmp_path / folder)  # fmt: skip
    first, same, other = (
        {p.relative_to(tmp_path / f): p.read_bytes() for p in (tmp_path / f).rglob("*")
         if p.is_file()} for f in "abc"
    )  # fmt: skip
    assert first == same
    assert first.keys() == other.keys()
    changed = {name for name in first if first[name] != other[name]}
    assert first.keys() - changed <= {Path("assignments.csv")}, "which nothing is drawn for"


def test_archives_say_nothing_of_when_they_were_made(tmp_path):
    write_exports(simulate_pilot(seed=5, n_schools=1, students_per_class=2), tmp_path)
    archives = [p for p in tmp_path.rglob("*") if p.suffix in (".zip", ".xlsx")]
    assert {p.suffix for p in archives} == {".zip", ".xlsx"}
    for path in archives:
        with zipfile.ZipFile(path) as archive:
            assert {item.date_time for item in archive.infolist()} == {(2026, 6, 30, 12, 0, 0)}
            if path.suffix == ".xlsx":
                core = archive.read("docProps/core.xml").decode()
                assert core.count("2026-06-30T12:00:00Z") == 2


def test_nothing_that_says_who_somebody_is_is_kept(tmp_path):
    simulated = simulate_pilot(seed=9, n_schools=3, students_per_class=3)
    write_exports(simulated, tmp_path)
    with zipfile.ZipFile(tmp_path / "oneroster.zip") as archive:
        users = pd.read_csv(archive.open("users.csv"), dtype=str)
        born = pd.read_csv(archive.open("demographics.csv"), dtype=str)["birthDate"]
    private = {*users["givenName"], *users["familyName"], *users["email"], *born}
    private |= {"example.org", "192.0.2.", "-140.0000", "Harbors and Hills"}
    ingested = read_tables(config_of(tmp_path))
    told = " ".join(frame.to_csv() for frame in ingested.tables.values())
    told += ingested.ledger.to_csv()
    assert len(private) > 50
    assert not [text for text in private if text in told]


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "taken").write_text("a file")
    simulated = simulate_pilot(seed=1, n_schools=1, students_per_class=1)
    with pytest.raises(DataError, match="Choose another folder"):
        write_exports(simulated, tmp_path / "taken")
