"""Whatever happens to an export: every row of it is accounted for, or a sentence names the place.

What a file holds is counted here by the csv module and openpyxl, never by our own readers.
"""

import csv
import gzip
import io
import shutil
import tomllib
import zipfile
import zlib
from collections import Counter
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pilot_fixtures import write_small_pilot

from pilot_analysis import PilotConfig, load_pilot
from pilot_analysis.config import read_config
from pilot_analysis.errors import DataError
from pilot_analysis.ingest import read_tables
from pilot_analysis.simulate import simulate_pilot
from pilot_analysis.simulate.exports import write_exports

DEMO = Path(__file__).parents[2] / "data" / "raw" / "demo"
DEMO_PRIVATE = ("@", "192.0.2.")
CONFIG = """
[sources]
schools = { file = "roster", format = "oneroster" }
teachers = { file = "roster", format = "oneroster" }
students = { file = "roster", format = "oneroster" }
enrollments = { file = "roster", format = "oneroster" }
assignments = { file = "assignments.xlsx" }
products = { file = "products.csv" }

[[sources.assessments]]
file = "nwea.csv"
format = "nwea_map"

[[sources.usage]]
file = "usage.csv.gz"

[[sources.usage]]
file = "clever"
format = "clever_daily"
values = { product_id = "clever" }

[[sources.survey_responses]]
file = "qualtrics.csv"
format = "qualtrics"
columns = { school_id = "school" }
values = { wave = "fall", respondent_role = "teacher", product_id = "readwell" }
items = { recommend = "Q1", easy = "QID7", comment = "Q3" }

[[sources.survey_responses]]
file = "forms.tsv"
format = "google_forms"
dates = "month first"
columns = { school_id = "Your school" }
values = { wave = "spring", respondent_role = "teacher", product_id = "readwell" }
items = { recommend = "Recommend it?", easy = "Agree? [It is easy, too]", comment = "Else?" }
"""
ITEMS = """
[items.easy]
question = "It is easy to use."
scale = "ease"
answers = ["Strongly disagree", "Disagree", "Neutral", "Agree", "Strongly agree"]

[items.comment]
question = "Anything else?"
kind = "comment"
"""
QUALTRICS = [
    ["StartDate", "Status", "IPAddress", "RecordedDate", "ResponseId", "RecipientLastName",
     "RecipientEmail", "LocationLatitude", "Q1", "Q14", "Q14", "Q3", "school"],
    ["Anfangsdatum", "Antworttyp", "IP-Adresse", "Erfassungsdatum", "Antwort-ID", "Nachname",
     "E-Mail", "Breitengrad", "Empfehlen?", "Nützlich", "Einfach", "Noch etwas?", "Schule"],
    [f'{{"ImportId":"{key}"}}' for key in
     ("startDate", "status", "ipAddress", "recordedDate", "_recordId", "recipientLastName",
      "recipientEmail", "locationLatitude", "QID1", "QID6", "QID7", "QID3_TEXT", "school")],
]  # fmt: skip
PRIVATE = ("Privq", "@private.example", "203.0.113.", "2011-03-", "47.115")


def private(number):
    """Return last name, e-mail address, IP address, birth date and latitude of a person."""
    return (f"Privq{number}", f"m{number}@private.example", f"203.0.113.{number}",
            f"2011-03-{number % 28 + 1:02d}", f"47.115{number}")  # fmt: skip


@pytest.fixture(scope="session")
def exports(tmp_path_factory):
    """Folder of a pilot whose files are exports, and which loads."""
    folder = write_small_pilot(tmp_path_factory.mktemp("fuzz") / "pilot")
    tables = {
        path.stem: [*csv.DictReader(path.read_text(encoding="utf-8").splitlines())]
        for path in folder.glob("*.csv")
    }
    for path in folder.glob("*.csv"):
        path.unlink()
    for name, rows in roster(tables).items():
        write(folder / "roster" / f"{name}.csv", rows)
    book = openpyxl.Workbook()
    for row in rows_of(tables["assignments"]):
        book.active.append(row)
    book.save(folder / "assignments.xlsx")
    write(folder / "products.csv", [*rows_of(tables["products"]), ["clever", "Clever"]], ";")
    write(folder / "nwea.csv", nwea(tables["assessments"]), mark="\ufeff")
    write(folder / "usage.csv", rows_of(tables["usage"]))
    packed = gzip.compress((folder / "usage.csv").read_bytes(), mtime=0)
    (folder / "usage.csv").unlink()
    (folder / "usage.csv.gz").write_bytes(packed)
    for day in (6, 7):
        write(folder / "clever" / f"2025-10-0{day}.csv", clever(tables["students"], day))
    answers = [row for row in tables["survey_responses"] if row["item_id"] == "recommend"]
    write(
        folder / "qualtrics.csv", QUALTRICS + [qualtrics(i, row) for i, row in enumerate(answers)]
    )
    head = ["Timestamp", "Your name", "Your school", "Recommend it?", "Agree? [It is easy, too]",
            "Else?", ""]  # fmt: skip
    write(folder / "forms.tsv", [head] + [forms(i, row) for i, row in enumerate(answers)], "\t")
    toml = (folder / "pilot.toml").read_text()
    before, after = toml[: toml.index("[sources]")], toml[toml.index("[design]") :]
    after = after.replace('[items.easy]\nquestion = "It is easy to use."\nscale = "ease"\n', ITEMS)
    after = after.replace("[groups.english_learner]", '[groups.sex]\nvalue = "female"')
    (folder / "pilot.toml").write_text(before + CONFIG + after)
    return folder


def write(path, rows, delimiter=",", mark=""):
    path.parent.mkdir(exist_ok=True)
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(rows)
    path.write_text(mark + text.getvalue(), encoding="utf-8")


def rows_of(table):
    return [list(table[0]), *(list(row.values()) for row in table)]


def roster(tables):
    start = ["sourcedId", "status", "dateLastModified"]
    users = [[*start, "orgSourcedIds", "role", "username", "familyName", "email", "grades"]]
    demographics = [[*start, "birthDate", "sex", "asian"]]
    people = [("teacher", row) for row in tables["teachers"]]
    people += [("student", row) for row in tables["students"]]
    for number, (role, row) in enumerate(people):
        name, email, _, born, _ = private(number)
        user = row[f"{role}_id"]
        users.append([user, "active", "", f"D,{row['school_id']}", role, email, name, email, "04"])
        demographics.append([user, "active", "", born, "female", "true"])
    users.append(["gone", "tobedeleted", "", "D,S1", "student", "x", "Privqx", "y", "04"])
    schools = [
        [row["school_id"], "active", "", row["name"], "school", "D"] for row in tables["schools"]
    ]
    enrolled = [[*start, "classSourcedId", "schoolSourcedId", "userSourcedId", "role"]]
    classes, taught = [[*start, "title", "schoolSourcedId", "subjects"]], set()
    for row in tables["enrollments"]:
        where = [row["class_id"], row["school_id"]]
        if row["class_id"] not in taught:
            taught.add(row["class_id"])
            classes.append(
                [row["class_id"], "active", "", "A class", row["school_id"], "reading,x"]
            )
            enrolled.append(
                [f"e{len(enrolled)}", "active", "", *where, row["teacher_id"], "teacher"]
            )
        enrolled.append([f"e{len(enrolled)}", "active", "", *where, row["student_id"], "student"])
    return {
        "orgs": [[*start, "name", "type", "parentSourcedId"],
                 ["D", "active", "", "District", "district", ""], *schools],
        "users": users, "demographics": demographics, "classes": classes, "enrollments": enrolled,
    }  # fmt: skip


def nwea(tests):
    head = ["TermName", "SchoolName", "StudentLastName", "StudentDateOfBirth", "StudentID",
            "Subject", "GrowthMeasureYN", "TestStartDate", "TestRITScore",
            "TestStandardError"]  # fmt: skip
    rows = [head]
    for number, row in enumerate(tests):
        name, _, _, born, _ = private(number)
        year, month, day = row["taken_on"].split("-")
        rows.append([row["window"], "North", name, born, row["student_id"], row["outcome_id"],
                     "TRUE", f"{month}/{day}/{year}", row["score"], "3.1"])  # fmt: skip
        if number % 9 == 0:  # a second test of the same term
            rows.append([*rows[-1][:6], "FALSE", *rows[-1][7:]])
    return rows


def clever(students, day):
    head = ["date", "sis_id", "clever_user_id", "school_name", "active", "num_logins"]
    return [head] + [
        [
            f"2025-10-0{day}",
            row["student_id"],
            f"c{i}",
            "North, the old one",
            str(i % 3 > 0).lower(),
            i % 3,
        ]
        for i, row in enumerate(students)
    ]


def qualtrics(number, row):
    name, email, address, _, latitude = private(number)
    status = "Survey Preview" if number == 1 else "IP Address"
    comment = f'Fine, as {name} said: "good"'
    score = "0" if number == 0 else row["value"]
    return ["2025-10-01 09:00:00", status, address, "2025-10-01 09:05:00", f"R_{number}", name,
            email, latitude, score, "Agree", "Agree", comment, row["school_id"]]  # fmt: skip


def forms(number, row):
    score = "0" if number == 0 else row["value"]
    comment = "several\nlines" if number == 2 else "ok"
    return ["5/1/2026 9:05:01", private(number)[0], row["school_id"], score, "Neutral", comment, ""]


# ------------------------------------------------------------------------------- an own count


def count_rows(path, sheet=""):
    """Return the records below the header that are not blank; `path` may be inside an archive."""
    if path.parent.suffix == ".zip":
        with zipfile.ZipFile(path.parent) as archive:
            names = {name.rpartition("/")[2]: name for name in archive.namelist()}
            data = archive.read(names[path.name])
    else:
        data = path.read_bytes()
    data = gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data
    if path.suffix == ".xlsx":
        book = openpyxl.load_workbook(io.BytesIO(data))
        cells = book[sheet or book.sheetnames[0]].iter_rows(values_only=True)
        rows = [["" if value is None else str(value) for value in row] for row in cells]
    else:
        codec = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
        text = data.decode(codec)
        mark = max(",;\t", key=text.splitlines()[0].count)
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=mark)
    # A log counts a row of blank cells as one that names no student.
    of_log = path.parent.name == "clever"
    filled = sum(1 for row in rows if "".join(row).strip() or (of_log and len(row) > 1))
    return filled - (3 if path.name.startswith("qualtrics") else 1)


def check_accounts(read, config):
    """Check that every row of every file is told of, and every row of a table comes from one."""
    sheets = {(table, source.file): source.sheet
              for table, sources in config.sources.items() for source in sources}  # fmt: skip
    units, kept = {}, Counter()
    for (table, file, unit), lines in read.ledger.groupby(["table", "file", "unit"], sort=False):
        rows = lines.groupby("step")["rows"].sum()
        assert rows["read"] == rows.get("set aside", 0) + rows["kept"], (table, file, unit)
        units.setdefault((table, file), int(rows["read"]))  # what a row of the file is, comes first
        kept[table] += int(rows["kept"]) if unit == "rows" else 0
    for (table, file), n in units.items():
        path = config.folder / file
        found = path.iterdir() if path.is_dir() else config.folder.glob(file)
        paths = sorted(found) or [path]
        assert n == sum(count_rows(p, sheets.get((table, file), "")) for p in paths), (table, file)
    assert kept == {name: len(table) for name, table in read.tables.items()}
    for table, file in read.files:
        sheet = sheets.get((table, file.file), "")
        assert file.rows == count_rows(config.folder / file.file, sheet), (table, file)


# ------------------------------------------------------------------------------- corruptions

TEXTS = [
    "", " ", "NA", "n/a", "*", "-", "0", "-1", "11", "1e308", "1e309", "03/04/2026", "13/13/2026",
    "2026-02-30", "99/99/9999",
    "9999-12-31", "0001-01-01", "=cmd|' /C calc'!A0", "x" * 200_000, "é", "true", "null", "S1",
    "<script>", "a\nb", '"', 'a"b', "\x00", "\u202e", "1.23457E+17", "Strongly  agree", "١", "½",
]  # fmt: skip


def of_bytes(change):
    """Make a corruption of bytes: `change(data, first, last, rng)`."""

    def corrupt(data, rng):
        first = rng.randint(0, max(len(data) - 1, 0))
        last = min(len(data), first + rng.choice([1, 1, 5, 50, 500]))
        return change(data, first, last, rng)

    return corrupt


def of_cells(change):
    """Make a corruption of a table of text: `change(rows, row, column, rng)`."""

    def corrupt(data, rng):
        packed = data.startswith(b"\x1f\x8b")
        text = (gzip.decompress(data) if packed else data).decode("utf-8", errors="replace")
        mark = max(",;\t", key=text.partition("\n")[0].count)
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=mark) if row]
        row = rng.randrange(len(rows))
        change(rows, row, rng.randrange(len(rows[row])), rng)
        result = io.StringIO()
        csv.writer(result, delimiter=mark, lineterminator="\n").writerows(rows)
        data = result.getvalue().encode()
        return gzip.compress(data, mtime=0) if packed else data

    return corrupt


def set_cell(rows, row, column, rng):
    rows[row][column] = rng.choice(TEXTS)


def set_column(rows, row, column, rng):
    text = rng.choice(TEXTS[:26])
    for cells in rows[1:]:
        cells[column : column + 1] = [text]


def drop_column(rows, row, column, rng):
    for cells in rows:
        del cells[column : column + 1]


def double_column(rows, row, column, rng):
    for cells in rows:
        cells.insert(column, cells[column] if column < len(cells) else "")


def rename_column(rows, row, column, rng):
    name = rows[0][column % len(rows[0])]
    rows[0][column % len(rows[0])] = rng.choice(
        ["", name.upper(), f" {name} ", name[1:], f"{name} 2"]
    )


def copy_row(rows, row, column, rng):
    rows.insert(rng.randint(0, len(rows)), list(rows[row]))


def drop_rows(rows, row, column, rng):
    del rows[row : row + rng.choice([1, 1, 10, 1000])]
    rows or rows.append([""])


def shift_row(rows, row, column, rng):
    rng.choice([lambda: rows[row].append(""), lambda: rows[row].pop()])()


def blank_row(rows, row, column, rng):
    rows.insert(row, [""] * rng.choice([1, len(rows[row])]))


def shuffle_rows(rows, row, column, rng):
    body = rows[1:]
    rng.shuffle(body)
    rows[1:] = body


CELLS = [
    of_cells(f) for f in (set_cell, set_cell, set_cell, set_column, drop_column, double_column,
                          rename_column, copy_row, drop_rows, shift_row, blank_row, shuffle_rows)
]  # fmt: skip
BYTES = [
    of_bytes(lambda data, i, j, rng: data[:i] + bytes([rng.randrange(256)]) + data[i + 1 :]),
    of_bytes(
        lambda data, i, j, rng: data[:i] + bytes([data[i] ^ 1]) + data[i + 1 :] if data else b""
    ),
    of_bytes(lambda data, i, j, rng: data[:i] + data[j:]),
    of_bytes(lambda data, i, j, rng: data[:i]),
    of_bytes(lambda data, i, j, rng: data[:j] + data[i:]),
    of_bytes(lambda data, i, j, rng: data[:i] + rng.randbytes(j - i) + data[i:]),
    of_bytes(
        lambda data, i, j, rng: data[:i] + rng.choice([b'"', b",", b"\n", b"\r", b"\0"]) + data[i:]
    ),
    of_bytes(lambda data, i, j, rng: b"\xef\xbb\xbf" + data),
    of_bytes(lambda data, i, j, rng: data.replace(b"\n", rng.choice([b"\r\n", b"\r", b"\n\n"]))),
    of_bytes(lambda data, i, j, rng: data.decode("latin-1").encode("utf-16")),
    of_bytes(lambda data, i, j, rng: gzip.compress(data, mtime=0)),
    of_bytes(lambda data, i, j, rng: b""),
]


def corrupt(path, rng):
    """Do one harm to a file, or to a member of an archive."""
    data = path.read_bytes()
    try:
        if path.suffix == ".zip" and rng.random() < 0.8:
            path.write_bytes(in_archive(data, rng))
        else:
            kinds = BYTES if path.suffix in (".xlsx", ".zip") else rng.choice([CELLS, BYTES])
            path.write_bytes(rng.choice(kinds)(data, rng))
    except (OSError, EOFError, csv.Error, IndexError, ValueError, zipfile.BadZipFile,
            zlib.error):  # fmt: skip
        path.write_bytes(data[: len(data) // 2])  # it was past such a harm already


def in_archive(data, rng):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    harmed = rng.choice(sorted(members))
    members[harmed] = rng.choice(rng.choice([CELLS, BYTES]))(members[harmed], rng)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


def check_told(error, config, private):
    """Check that what is said names a file for each fault, and nobody."""
    told = str(error)
    names = [p.relative_to(config.folder).as_posix() for p in config.folder.rglob("*")]
    names += [source.file for sources in config.sources.values() for source in sources]
    lines = [line.strip() for line in told.splitlines()[1:]]
    assert lines
    assert all(line.startswith(tuple(names)) for line in lines), told
    assert all(len(line) < 2000 for line in lines), told
    assert not [word for word in private if word in told], told


def outcome(config, private):
    """Read a pilot: every row is accounted for, or it is said why not."""
    try:
        read = read_tables(config)
    except DataError as error:
        check_told(error, config, private)
        return "refused"
    check_accounts(read, config)
    kept = " ".join(frame.to_csv() for frame in read.tables.values()) + read.ledger.to_csv()
    assert not [word for word in private if word in kept]
    return "read"


def fuzz(exports, config, private, folder, n_examples):
    """Read `n_examples` of the exports with one or two harms done to them, and count outcomes."""
    outcomes = Counter()

    @settings(max_examples=n_examples, suppress_health_check=list(HealthCheck))
    @given(st.randoms(use_true_random=False))
    def corrupted(rng):
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(exports, folder)
        files = sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix != ".toml")
        for _ in range(rng.choice([1, 1, 2])):
            corrupt(rng.choice(files), rng)
        outcomes[outcome(config.model_copy(update={"folder": folder}), private)] += 1

    corrupted()
    assert outcomes["read"] > n_examples / 10, outcomes
    assert outcomes["refused"] > n_examples / 4, outcomes


def test_the_exports_are_read_and_counted_as_they_are(exports):
    assert outcome(read_config(exports), PRIVATE) == "read"
    pilot = load_pilot(exports)
    assert {name: len(table) for name, table in pilot.tables.items()} == {
        "schools": 2, "teachers": 8, "students": 48, "enrollments": 48, "assignments": 8,
        "products": 2, "assessments": 96, "usage": 104, "survey_responses": 21,
    }  # fmt: skip


def test_a_corrupted_export_is_accounted_for_or_refused(exports, tmp_path):
    fuzz(exports, read_config(exports), PRIVATE, tmp_path / "pilot", 40)


def test_a_corrupted_export_of_the_demo_is_accounted_for_or_refused(tmp_path):
    exports = tmp_path / "exports"
    write_exports(simulate_pilot(seed=8, n_schools=1, students_per_class=2), exports)
    values = tomllib.loads((DEMO / "pilot.toml").read_text(encoding="utf-8"))
    sources = {}
    for table, given_ in values.pop("sources").items():
        here = [
            s
            for s in (given_ if isinstance(given_, list) else [given_])
            if any(exports.glob(s["file"]))
        ]
        sources |= {table: here} if here else {}
    config = PilotConfig(folder=exports, sources=sources, **values)
    assert outcome(config, DEMO_PRIVATE) == "read"
    fuzz(exports, config, DEMO_PRIVATE, tmp_path / "pilot", 20)
