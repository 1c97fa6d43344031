"""Columns that nothing reads are listed, with a near name, and nothing private is told of them."""

import gzip

import pandas as pd
import pytest

from pilot_analysis.check.unread import unread_columns
from pilot_analysis.config import read_config

TOML = """\
[pilot]
id = "x"
title = "X"

[sources.schools]
file = "schools.csv"

"""


@pytest.fixture
def unread(tmp_path):
    """`unread(source, **files)`: what nothing reads of a source's file."""

    def find(source, **files):
        (tmp_path / "pilot.toml").write_text(TOML + source, encoding="utf-8")
        (tmp_path / "schools.csv").write_text("school_id,name\n1,A\n")
        for name, content in files.items():
            content = content if isinstance(content, bytes) else content.encode()
            (tmp_path / name.replace("__", ".")).write_bytes(content)
        return {u.file: u for u in unread_columns(read_config(tmp_path))}

    return find


TESTS = """\
[sources.assessments]
file = "{}"
format = "iready_diagnostic"
values = {{ outcome_id = "m" }}
"""
HEADER = "Last Name,Student ID,Overall Scale Score,Overall Placement,Percentle,Completion Date"


def test_what_a_vendor_adds_is_listed_and_names_of_persons_apart(unread):
    found = unread(TESTS.format("t.csv"), t__csv=f"{HEADER}\nA,1,400,x,3,1/13/2026\n")["t.csv"]
    assert found.columns == ("Overall Placement", "Percentle")
    assert found.private == ("Last Name",)
    assert found.near == {"Percentle": "Percentile"}


def test_a_known_name_under_any_alias_is_not_offered_again(unread):
    header = HEADER.replace("Percentle", "Percentile")
    found = unread(TESTS.format("t.csv"), t__csv=f"{header},Start Dates\n" + "A,1,4,x,3,1/13/26,\n")
    assert found["t.csv"].columns == ("Overall Placement", "Start Dates")
    assert found["t.csv"].near == {}  # the day of the test is known from another column


@pytest.mark.parametrize(
    ("name", "encoding", "packed"),
    [("t.csv", "utf-8-sig", False), ("t.csv.gz", "utf-8", True), ("t.tsv", "utf-16", False)],
)
def test_any_kind_of_text_file_is_looked_at(unread, tmp_path, name, encoding, packed):
    mark = "\t" if name == "t.tsv" else ","
    data = f"{HEADER}\nA,1,400,x,3,1/13/2026\n".replace(",", mark).encode(encoding)
    (tmp_path / name).write_bytes(gzip.compress(data) if packed else data)
    found = unread(TESTS.format(name))
    assert found[name].columns == ("Overall Placement", "Percentle")


def test_workbooks_and_parquet_are_looked_at(unread, tmp_path):
    frame = pd.DataFrame({name: ["1"] for name in HEADER.split(",")})
    frame.to_excel(tmp_path / "t.xlsx", index=False)
    assert "Percentle" in unread(TESTS.format("t.xlsx"))["t.xlsx"].columns
    frame.to_parquet(tmp_path / "t.parquet")
    use = '[sources.usage]\nfile = "t.parquet"\ncolumns = { student_id = "Student ID" }\n'
    found = unread(use)["t.parquet"]
    assert "Student ID" not in found.columns
    assert "Percentle" in found.columns


def test_each_sheet_of_a_workbook_has_its_own_columns(unread, tmp_path):
    with pd.ExcelWriter(tmp_path / "own.xlsx") as book:
        pd.DataFrame({"ID": ["1"], "Notes": ["x"]}).to_excel(book, sheet_name="A", index=False)
        pd.DataFrame({"ID": ["1"], "Last Name": ["x"]}).to_excel(book, sheet_name="B", index=False)
    source = """
[sources.teachers]
file = "own.xlsx"
sheet = "B"
columns = { teacher_id = "ID" }
[sources.products]
file = "own.xlsx"
sheet = "A"
columns = { product_id = "ID" }
"""
    found = unread(source)
    assert found["own.xlsx, sheet A"].columns == ("Notes",)
    assert found["own.xlsx, sheet B"].private == ("Last Name",)


def test_a_question_is_known_by_any_of_its_names(unread):
    source = """
[items.easy]
question = "Easy?"
[items.fast]
question = "Fast?"
[sources.survey_responses]
file = "q.csv"
format = "qualtrics"
items = { easy = "It is easy", fast = "QID2" }
"""
    rows = (
        "ResponseId,IPAddress,Q1,Q2,Q3\n"
        "Response ID,IP Address,It is easy,It is fast,It is fun\n"
        '"{""ImportId"":""_recordId""}","{""ImportId"":""ipAddress""}",'
        '"{""ImportId"":""QID1""}","{""ImportId"":""QID2""}","{""ImportId"":""QID3""}"\n'
        "R1,1.2.3.4,5,4,3\n"
    )
    found = unread(source, q__csv=rows)["q.csv"]
    assert found.columns == ("Q3",)
    assert found.private == ("IPAddress",)


def test_a_package_of_several_files_is_left_out(unread, tmp_path):
    folder = tmp_path / "roster"
    folder.mkdir()
    for name in ("orgs.csv", "users.csv"):
        (folder / name).write_text("sourcedId,strange\n1,2\n")
    source = '[sources.students]\nfile = "roster"\nformat = "oneroster"\n'
    assert "roster" not in unread(source)


def test_a_file_of_which_all_is_read_is_not_listed(unread):
    assert unread("") == {}
