"""A pilot is read again where something changed, and only there."""

import json

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from pilot_fixtures import write_small_pilot

from pilot_analysis import ingest
from pilot_analysis.pilot import load_pilot


@pytest.fixture
def raw_pilot(tmp_path):
    """Folder of a pilot in a folder called raw, where it has a cache."""
    return write_small_pilot(tmp_path / "data" / "raw" / "small")


@pytest.fixture
def read_again(monkeypatch):
    """Names of the tables that are read from their files."""
    names = []
    read_sheets = ingest.read_sheets

    def read(name, *rest):
        names.append(name)
        return read_sheets(name, *rest)

    monkeypatch.setattr(ingest, "read_sheets", read)
    return names


def same(first, second):
    assert list(first.tables) == list(second.tables)
    for name, frame in first.tables.items():
        assert_frame_equal(frame, second.tables[name])
    assert_frame_equal(first.ledger, second.ledger)
    assert_frame_equal(first.files, second.files)


def test_the_second_reading_is_the_same_and_opens_no_file(raw_pilot, read_again):
    cold = load_pilot(raw_pilot)
    assert set(read_again) == set(cold.tables)
    read_again.clear()
    same(load_pilot(raw_pilot), cold)
    assert read_again == []


def test_a_changed_byte_re_reads_what_depends_on_it_and_nothing_else(raw_pilot, read_again):
    load_pilot(raw_pilot)
    read_again.clear()
    usage = raw_pilot / "usage.csv"
    usage.write_text(usage.read_text() + "\n")
    load_pilot(raw_pilot)
    assert read_again == ["usage"]
    read_again.clear()
    students = raw_pilot / "students.csv"
    students.write_text(students.read_text() + "\n")
    load_pilot(raw_pilot)
    assert "usage" in read_again  # it is looked up among the students
    assert "products" not in read_again


def test_a_changed_setting_re_reads_the_tables_that_it_is_about(raw_pilot, read_again):
    load_pilot(raw_pilot)
    read_again.clear()
    toml = raw_pilot / "pilot.toml"
    toml.write_text(toml.read_text().replace("[items.", "# a comment\n[items.", 1))
    load_pilot(raw_pilot)
    assert read_again == []
    toml.write_text(toml.read_text() + "\n[privacy]\npseudonyms = true\n")
    pilot = load_pilot(raw_pilot)
    assert set(read_again) == set(pilot.tables)


def test_a_damaged_entry_is_made_anew(raw_pilot, read_again):
    cold = load_pilot(raw_pilot)
    kept = raw_pilot.parent.parent / "clean" / "small"
    entry = next(kept.glob("usage-*.parquet"))
    entry.write_bytes(entry.read_bytes()[:100])
    read_again.clear()
    same(load_pilot(raw_pilot), cold)
    assert read_again == ["usage"]
    assert len(pd.read_parquet(entry)) == len(cold.table("usage"))


def test_names_are_taken_out_of_comments_though_the_roster_was_kept(raw_pilot):
    students = raw_pilot / "students.csv"
    lines = students.read_text().splitlines()
    named = [f"{lines[0]},Last Name", *(f"{line},Zimmer" for line in lines[1:])]
    students.write_text("\n".join(named) + "\n")
    toml = raw_pilot / "pilot.toml"
    text = toml.read_text()
    assert 'students = { file = "students.csv" }' in text
    toml.write_text(text.replace(
        'students = { file = "students.csv" }',
        'students = { file = "students.csv", columns = { student_id = "student_id" } }',
    ))  # fmt: skip
    toml.write_text(toml.read_text() + '\n[sources.decisions]\nfile = "decisions.csv"\n')
    decisions = raw_pilot / "decisions.csv"
    for reason in ("It helped", "Zimmer could not sign in"):
        decisions.write_text(
            f"school_id,product_id,decision,reason\nS1,readwell,continue,{reason}\n"
        )
        reasons = load_pilot(raw_pilot).table("decisions")["reason"]
    assert list(reasons) == ["[name] could not sign in"]
    kept = raw_pilot.parent.parent / "clean" / "small"
    told = "".join(path.read_bytes().decode("latin-1") for path in kept.iterdir())
    assert "Zimmer" not in told


def test_elsewhere_nothing_is_kept(tmp_path, read_again):
    folder = write_small_pilot(tmp_path / "elsewhere" / "small")
    load_pilot(folder)
    read_again.clear()
    load_pilot(folder)
    assert read_again
    assert not list(tmp_path.rglob("*.parquet"))


def test_an_entry_holds_what_was_read_of_each_file(raw_pilot):
    pilot = load_pilot(raw_pilot)
    kept = raw_pilot.parent.parent / "clean" / "small"
    about = json.loads(next(kept.glob("usage-*.json")).read_text())
    assert about["reads"][0]["sha256"] in set(pilot.files["sha256"])
