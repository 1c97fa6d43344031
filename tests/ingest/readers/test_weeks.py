"""A log becomes weekly rows that add up; every row of it is accounted for, or told by its place."""

import gzip
import hashlib
import os
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pilot_fixtures import write_small_pilot

from pilot_analysis.config import Source
from pilot_analysis.errors import DataError
from pilot_analysis.ingest.columns import clean_columns
from pilot_analysis.ingest.files import Files
from pilot_analysis.ingest.formats import formats
from pilot_analysis.ingest.readers.log import open_log
from pilot_analysis.ingest.readers.weeks import read_weeks
from pilot_analysis.pilot import load_pilot
from pilot_analysis.schema import TABLES

HEADER = "student_id,product_id,date,minutes,sessions\n"
LOG = (
    HEADER
    + """\
A,readwell,2025-10-06,10,1
A,readwell,2025-10-12,2.5,1
A,readwell,2025-10-13,7,2
B,readwell,10/08/2025 09:30 AM,"1,000",1
B,readwell,2025-10-07T23:59:59Z,NA,
,readwell,2025-10-07,5,1
B,readwell,,5,1
"""
)


@pytest.fixture
def read(tmp_path):
    """`read(files, **source)`: what the weekly rows, the step and the read files are."""

    def read(content, **source):
        contents = content if isinstance(content, dict) else {"log.csv": content}
        for name, data in contents.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data.encode() if isinstance(data, str) else data)
        source = Source(**({"file": "log.csv", "format": "usage_events"} | source))
        return read_log(tmp_path, source)

    return read


def read_log(folder, source):
    files = Files(folder)
    before = sorted(folder.rglob("*"))
    reading = read_weeks(files, source, formats()[source.format], TABLES["usage"], None)
    assert sorted(folder.rglob("*")) == before, "something was written into the pilot's folder"
    sheet, faults = clean_columns(reading, TABLES["usage"], ())
    assert not faults, faults
    (step,) = reading.steps
    return sheet.frame, step, files.reads(source)


@pytest.fixture
def complaint(read):
    """`complaint(content, **source)`: the lines of the error that reading ends with."""

    def told(content, **source):
        with pytest.raises(DataError) as caught:
            read(content, **source)
        return [line.strip() for line in str(caught.value).splitlines()]

    return told


def only(lines):
    assert len(lines) == 1, lines
    return lines[0]


def weeks(frame):
    columns = ["student_id", "period_start", "minutes"]
    return [(s, str(d.date()), m) for s, d, m in frame[columns].itertuples(index=False)]


def test_days_become_weeks_that_begin_on_monday(read):
    frame, step, _ = read(LOG, dates="month first")
    assert weeks(frame) == [
        ("A", "2025-10-06", 12.5), ("A", "2025-10-13", 7.0), ("B", "2025-10-06", 1000.0),
    ]  # fmt: skip
    assert list(frame["sessions"]) == [2, 2, 1]
    assert set(frame["period"]) == {"week"}
    assert (step.unit, step.read, step.kept) == ("events", 7, 5)
    assert step.aside == {"no student named": 1, "no day named": 1}


def test_a_measure_that_is_missing_in_every_row_of_a_week_is_missing(read):
    frame, _, _ = read(HEADER + "A,p,2025-10-06,NA,1\nA,p,2025-10-07,,\nB,p,2025-10-07,0,\n")
    assert frame["minutes"].isna().tolist() == [True, False]
    assert frame["sessions"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    "pack",
    [
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: text.replace("\n", "\r").encode(),
        lambda text: text.replace("\n", "\r\n", 3).encode(),
        lambda text: text.encode("utf-16"),
        lambda text: gzip.compress(text.encode()),
        lambda text: gzip.compress(text.encode()) + gzip.compress(b""),
        lambda text: text.removesuffix("\n").encode(),
        lambda text: text.replace("\n", "\n\n").encode() + b"  \n,,,,\n\n",
        lambda text: text.replace(",", ";").replace('"1;000"', '"1,000"').encode(),
        lambda text: text.replace(",", " , ").replace('" , "', '","').replace(' "1 , 000" ', "1000")
        .encode(),
    ],
    ids=["mark", "crlf", "cr", "mixed", "utf16", "gz", "gz2", "open", "blanks", "semi", "space"],
)  # fmt: skip
def test_however_it_is_written(read, pack):
    frame, step, _ = read(pack(LOG), dates="month first")
    assert frame["minutes"].sum() == 1019.5
    assert step.kept == 5


def test_latin_1_is_read_where_it_is_declared_and_refused_otherwise(read, complaint):
    text = LOG.replace("\nA,", "\nJosé,").encode("latin-1")
    frame, _, _ = read(text, dates="month first", encoding="latin-1")
    assert set(frame["student_id"]) == {"José", "B"}
    assert only(complaint(text)).startswith("log.csv, row 2: is not UTF-8 text (byte 0xe9).")


def test_a_cell_with_line_ends_that_looks_like_rows(read):
    rows = 'A,p,2025-10-06,1,1,"x\nB,p,2025-10-06,900,1,y\nz"\n' * 3000
    frame, step, _ = read(HEADER.replace("\n", ",note\n") + rows)
    assert weeks(frame) == [("A", "2025-10-06", 3000.0)]
    assert step.read == 3000


def test_a_quote_written_with_a_backslash(read):
    header = HEADER.replace("\n", ",note\n")
    frame, _, _ = read(header + 'A,p,2025-10-06,1,1,"a \\"b, c\\" d"\nA,p,2025-10-06,1,1,plain\n')
    assert list(frame["minutes"]) == [2]


def test_a_folder_and_a_pattern_of_files_whose_columns_stand_in_another_order(read):
    other = "minutes,Date,Student_ID,sessions,PRODUCT_ID\n4,2025-10-06,A,1,readwell\n"
    first = HEADER + "A,readwell,2025-10-07,3,1\n"
    files = {"log/a.csv": first, "log/b.csv.gz": gzip.compress(other.encode()), "log/c.csv": HEADER}
    for file in ("log", "log/*.csv*"):
        frame, step, reads = read(files, file=file)
        assert weeks(frame) == [("A", "2025-10-06", 7.0)]
        assert (frame["sessions"].sum(), step.read) == (2, 2)
        assert [(r.file, r.rows) for r in reads] == [
            ("log/a.csv", 1), ("log/b.csv.gz", 1), ("log/c.csv", 0),
        ]  # fmt: skip
    packed = gzip.compress(other.encode())
    assert (reads[0].bytes, reads[0].sha256) == (
        len(first),
        hashlib.sha256(first.encode()).hexdigest(),
    )
    assert reads[1].bytes == len(packed)


def test_parquet_zip_and_workbook(read, tmp_path):
    frame = pd.DataFrame(
        {
            "student_id": [17, 17],
            "product_id": "p",
            "date": pd.to_datetime(["2025-10-06 08:00", "2025-10-13 09:30"]),
            "minutes": [1.5, 2.0],
        }
    )
    frame.to_parquet(tmp_path / "log.parquet")
    frame.to_csv(tmp_path / "log.csv", index=False)
    frame.assign(date=frame["date"].astype(str)).to_excel(tmp_path / "log.xlsx", index=False)
    with zipfile.ZipFile(tmp_path / "log.zip", "w") as archive:
        archive.write(tmp_path / "log.csv", "export/log.csv")
    for file in ("log.csv", "log.parquet", "log.zip", "log.xlsx"):
        found, step, reads = read_log(tmp_path, Source(file=file, format="usage_events"))
        assert weeks(found) == [("17", "2025-10-06", 1.5), ("17", "2025-10-13", 2.0)], file
        assert (step.read, [r.rows for r in reads]) == (2, [2]), file


def test_parquet_with_typed_columns(tmp_path):
    # Ids with a missing one become 17.0, a missing number NaN, and times have nanoseconds.
    days = ["2025-10-12T23:59:59.123456789"] * 3 + ["2025-10-13T00:00:00.000000000"]
    table = {
        "student_id": [17.0, 17.0, None, 18.0], "product_id": ["p"] * 4,
        "date": pa.array(np.array(days, dtype="datetime64[ns]")),
        "minutes": [1.5, float("nan"), 1.0, 2.0],
        "sessions": pa.array([1, 1, 1, None], pa.int8()),
        "lessons_passed": pa.array([2, 1, 1, 0], pa.decimal128(5, 1)),
    }  # fmt: skip
    pq.write_table(pa.table(table), tmp_path / "log.parquet")
    source = Source(file="log.parquet", format="usage_events")
    frame, step, (read,) = read_log(tmp_path, source)
    assert weeks(frame) == [("17", "2025-10-06", 1.5), ("18", "2025-10-13", 2.0)]
    assert frame["sessions"].tolist() == [2, pd.NA]
    assert frame["lessons_passed"].tolist() == [3, 0]
    assert (step.aside, read.rows) == ({"no student named": 1}, 4)


@pytest.mark.parametrize("name", ["Minutes", "minutes "])
def test_parquet_with_a_column_twice_is_refused_like_any_other(tmp_path, name):
    table = {"student_id": ["A"], "product_id": ["p"], "date": ["2025-10-06"]}
    pq.write_table(pa.table(table | {"minutes": [1], name: [7]}), tmp_path / "log.parquet")
    with pytest.raises(DataError, match="the header stands in columns 4 and 5"):
        read_log(tmp_path, Source(file="log.parquet", format="usage_events"))


def test_a_folder_whose_name_is_a_pattern(read, complaint):
    frame, _, _ = read({"log [1]/a.csv": LOG}, file="log [1]", dates="month first")
    assert len(frame) == 3
    rows = HEADER + "A,p,2025-10-06,5,1\n" * 99
    (line,) = complaint({"log [1]/a.csv": rows + "A,p\n"}, file="log [1]")
    assert line.startswith('log [1]/a.csv, row 101, column "date": the row has 2 cells')


def test_folders_inside_a_folder_are_not_passed_over(complaint, read):
    files = {"log/a.csv": HEADER + "A,p,2025-10-06,5,1\n", "log/.git/x": ""}
    frame, _, _ = read(files, file="log")
    assert len(frame) == 1
    assert only(complaint({"log/more/b.csv": files["log/a.csv"]}, file="log")) == (
        "log: holds folders, and only the files that lie in it itself would be read. Name the "
        'files by a pattern, such as "log/*/*.csv".'
    )
    assert read({}, file="log/*/*.csv")[0]["minutes"].tolist() == [5]


def test_seconds_become_minutes_by_the_name_of_the_column_or_as_declared(read):
    text = "student_id,product_id,date,{}\nA,p,2025-10-06,90\nA,p,2025-10-06,30.0\n"
    assert read(text.format("duration_seconds"))[0]["minutes"].sum() == 2
    mapped = {"columns": {"minutes": "duration"}, "units": {"minutes": "hours"}}
    assert read(text.format("duration"), **mapped)[0]["minutes"].sum() == 7200
    # Naming a column that says its unit does not make minutes of seconds.
    mapped = {"columns": {"minutes": "Seconds"}}
    assert read(text.format("seconds"), **mapped)[0]["minutes"].sum() == 2


def test_constants_templates_recodes_and_blanks(read):
    text = "student_id,app,level,date,result\nA,x,1,2025-10-06,ok\nA,,1,2025-10-06,ok\n"
    frame, step, _ = read(
        text + "A,x,1,2025-10-07,no\nB,x,2,2025-10-07,\n",
        templates={"product_id": "{app}-{level}"},
        values={"sessions": "1"},
        columns={"lessons_passed": "result"},
        recode={"lessons_passed": {"ok": "1", "no": "0"}},
        blanks={"lessons_passed": "0"},
    )
    assert frame["product_id"].tolist() == ["x-1", "x-2"]
    assert frame["sessions"].tolist() == [2, 1]
    assert frame["lessons_passed"].tolist() == [1, 0]
    assert step.aside == {"no product named": 1}


def test_where_sets_rows_aside_and_must_match_some(read, complaint):
    text = "student_id,product_id,date,minutes,Subject\nA,p,2025-10-06,1,Math\nA,p,bad,x, ELA \n"
    frame, step, _ = read(text, where={"subject": ["Math"]})
    assert frame["minutes"].sum() == 1
    assert step.aside == {"not asked for (wanted: subject Math)": 1}
    assert only(complaint(text, where={"subject": ["Reading"]})) == (
        'log.csv, column "Subject": no row has subject in Reading. Check `where` in pilot.toml; '
        "the column holds ELA, Math."
    )
    assert "did you mean 'Subject'?" in only(complaint(text, where={"sujet": ["Math"]}))
    assert only(
        complaint(text.replace("bad,x", "2025-10-06,1"), where={"subject": ["Math", "EL"]})
    ) == (
        'log.csv, column "Subject": `where` wants "EL", and no row has it; did you mean \'ELA\'? '
        "Correct it in pilot.toml, or take it out."
    )
    both = text.replace("bad,x", "2025-10-06,1") + "A,p,2025-10-06,1,Art\n"
    frame, step, _ = read(both, where={"subject": ["Math", "ELA"]})
    assert (frame["minutes"].tolist(), step.kept) == ([2], 2)


def test_repeats_are_counted_where_they_are_not_wanted(read):
    text = "student_id,product_id,date,minutes,lesson,Last Name\n"
    rows = ["A,p,2025-10-06,5,L1,Ng\n"] * 3 + ["A,p,2025-10-06,5,L2,Ng\n", ",p,2025-10-06,5,,\n"]
    files = {"log/a.csv": text + "".join(rows), "log/b.csv": text + rows[0]}
    frame, step, _ = read(files, file="log")
    assert frame["minutes"].tolist() == [25]
    frame, step, reads = read(files, file="log", keep="distinct")
    assert frame["minutes"].tolist() == [10]
    assert step.read == 6
    assert step.aside == {"no student named": 1, "the same as an earlier row": 3}
    assert [r.rows for r in reads] == [5, 1]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("A,p,2025-10-06,ten,1", 'column "minutes": "ten" is not a number.'),
        ("A,p,2025-10-06,-3,1", 'column "minutes": "-3" is below 0.'),
        ("A,p,2025-10-06,1e308,1", 'column "minutes": "1e308" is above 44640.'),
        ("A,p,2025-10-06,99999,1", 'column "minutes": "99999" is above 44640.'),
        ("A,p,2025-10-06,1e999,1", 'column "minutes": "1e999" is too large a number.'),
        ("A,p,2025-10-06,inf,1", 'column "minutes": "inf" is not a number.'),
        ("A,p,2025-10-06,nan,1", 'column "minutes": "nan" is not a number.'),
        ("A,p,2025-10-06,1_000,1", 'column "minutes": "1_000" is not a number.'),
        ("A,p,2025-10-06,*,1", 'column "minutes": "*" is a suppressed value'),
        ("A,p,2025-10-06,5,1.5", 'column "sessions": "1.5" is not a whole number of things.'),
        ("A,p,10/06/2025,5,1", 'column "date": "10/06/2025" may be month/day or day/month.'),
        ("A,p,2025-10-06 25:00,5,1", '"2025-10-06 25:00" is no day or time of the calendar.'),
        ("A,p,1850-10-06,5,1", '"1850-10-06" is not in the years 1900 to 2100.'),
        ("A,p,2025-02-30,5,1", '"2025-02-30" is no day or time of the calendar.'),
        ("A,p,1759708800,5,1", '"1759708800" is not a date.'),
        ("A,p,2025-10-06", 'column "minutes": the row has 3 cells and the header 5.'),
        ("A,p,2025-10-06,5,1,6", 'column "sessions": the row has 6 cells and the header 5.'),
        ('A,p,2025-10-06,"5,1', 'column "minutes": a quote (") is opened and not closed'),
        ('A,"p"x,2025-10-06,5,1', 'column "product_id": a quote (") is opened and not closed'),
    ],
)
def test_a_bad_cell_is_told_with_its_row(complaint, row, told):
    good = "A,p,2025-10-07,5,1\n"
    # Lines with nothing, or only spaces or commas, in them are left out, and counted.
    text = HEADER + good + "\n" + good * 58 + "   \n" + good + ",,\n" + row + "\n"
    line = only(complaint(text))
    assert line.startswith("log.csv, row 65, ")
    assert told in line


def test_a_bad_cell_in_a_row_that_is_set_aside_is_no_fault(read):
    frame, step, _ = read(LOG + ",p,2025-10-06,ten,1\nA,p,,ten,1\n", dates="month first")
    assert (len(frame), step.kept) == (3, 5)


def test_the_number_of_rows_with_a_fault_is_told_once(complaint):
    rows = "".join(f"A,p,2025-10-06,x{i},1\n" for i in range(2000))
    line = only(complaint(HEADER + rows))
    assert line.startswith('log.csv, row 2, column "minutes": "x0" is not a number.')
    assert line.endswith("; 2,000 rows like this.")


def test_faults_of_several_files_and_columns_are_told_together(complaint):
    good, bad = HEADER + "A,p,2025-10-06,5,1\n", "A,p,2025-10-06,5,x\nA,p,soon,y,1\n"
    lines = complaint({"log/a.csv": good, "log/b.csv": good + bad}, file="log")
    assert [line.split(":")[0] for line in lines] == [
        'log/b.csv, row 4, column "date"',
        'log/b.csv, row 4, column "minutes"',
        'log/b.csv, row 3, column "sessions"',
    ]


def test_files_with_other_columns_are_refused_and_the_nearest_name_is_given(complaint):
    other = HEADER.replace("minutes", "minuts")
    lines = complaint({"log/a.csv": LOG, "log/b.csv": other + "A,p,2025-10-06,5,1\n"}, file="log")
    assert lines[0] == (
        "log/b.csv, row 1: has no column \"minutes\", unlike log/a.csv; did you mean 'minuts'? "
        "Export them alike, or read them as two sources."
    )
    assert lines[1].startswith('log/b.csv, row 1: has a column "minuts", unlike log/a.csv.')


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "log.csv: the file is empty. Export it again."),
        (HEADER.encode(), "log.csv: there is a header and no row below it."),
        (b"\n" + LOG.encode(), "log.csv, row 1: the first row is blank"),
        (b"x" * 2_000_000, "row 1: the first row is longer than 1,048,576 characters"),
        (LOG.replace("10,1", "1\x000,1").encode(), "log.csv, row 2: holds a NUL byte"),
        (LOG.replace("sessions", "Minutes ").encode(), 'column "Minutes": the header stands in'),
        (LOG.replace("sessions", "").encode(), "row 1: column 5 has values and no header."),
        (gzip.compress(LOG.encode())[:-9], "log.csv: is a damaged gzip file."),
        (gzip.compress(b"a" * 70_000_000), "log.csv: unpacks to more than 200 times its size."),
        (b"PAR1" + bytes(50), "log.csv: is no whole Parquet file."),
        (LOG.replace("A,readwell,2025-10-06", "A," + "x" * 3_000_000).encode(),
         "log.csv, row 2, column \"minutes\": the row is longer than two million characters."),
        ((HEADER + "A,p,2025-10-06,5,1\n" * 99 + "A," + "x" * 3_000_000 + ",2025-10-06,5,1\n")
         .encode(), "log.csv, row 101: the row is longer than two million characters."),
        (b"student_id,product_id,minutes\nA,p,1\n", 'no column "date"'),
        (b"student_id,date,minutes\nA,2025-10-06,1\n", 'values = { product_id = "..." }'),
        (b"student_id,product_id,date\nA,p,2025-10-06\n", "so the log measures nothing."),
        (HEADER.encode() + b",p,2025-10-06,5,1\n", "no row is left: 1 no student named."),
    ],
)  # fmt: skip
def test_a_hostile_file_ends_with_a_sentence(complaint, data, told):
    line = only(complaint(data))
    assert told in line
    assert line.endswith(".")


@pytest.mark.parametrize("name", ["log.csv", "log.parquet"])
def test_a_row_that_was_seen_and_did_not_come_back_is_told(tmp_path, name):
    plain = pd.DataFrame({"student_id": list("ABC"), "minutes": [1, 2, 3]})
    (plain.to_parquet if name.endswith("parquet") else plain.to_csv)(tmp_path / name, index=False)
    with open_log(Files(tmp_path), Source(file=name)) as log:
        assert log.ask("SELECT count(*) FROM log") == [(3,)]
        assert [read.rows for read in log.reads({0: 3})] == [3]
        with pytest.raises(DataError, match="only 2 of its 3 rows could be read"):
            list(log.reads({0: 2}))


def test_files_that_are_not_there_or_may_not_be_read(complaint, tmp_path):
    assert "there is no file in it" in only(complaint({"log/.hidden": b""}, file="log"))
    if os.geteuid():
        (tmp_path / "log.csv").write_text(LOG)
        (tmp_path / "log.csv").chmod(0)
        assert "cannot be read (Permission denied)" in only(complaint({}, file="log.csv"))


def test_what_means_nothing_for_a_log_is_refused(complaint):
    assert "means nothing for a log" in only(complaint(LOG, keep="first"))
    assert "means nothing for a log" in only(complaint(LOG, values={"period": "month"}))
    line = only(complaint(LOG, columns={"minutes": "mins"}))
    assert "there is no column \"mins\"; did you mean 'minutes'?" in line


def test_private_columns_reach_neither_messages_nor_tables(read, complaint):
    text = "student_id,product_id,date,minutes,Last Name,Email\nA,p,2025-10-06,{},Ngo,n@x.org\n"
    for told in (complaint(text.format("bad")), complaint(text.format("1,2"))):
        assert "Ngo" not in told[0]
        assert "n@x.org" not in told[0]
    frame, step, reads = read(text.format("1"))
    assert "Ngo" not in f"{frame.to_csv()}{step}{reads}"


def test_an_id_that_is_refused_is_told_by_its_place_alone(complaint):
    [told] = complaint(HEADER + "1.23457E+17,readwell,2025-10-06,10,1\n")
    assert told.startswith('log.csv, row 2, column "student_id": the cell ')
    assert "1.23457" not in told


def test_a_week_that_cannot_be_is_told_without_a_row(tmp_path):
    folder = write_small_pilot(tmp_path / "small")
    toml = (folder / "pilot.toml").read_text()
    log = '{ file = "usage.csv", format = "usage_events" }'
    (folder / "pilot.toml").write_text(toml.replace('{ file = "usage.csv" }', log))
    header = "student_id,product_id,date,minutes\n"
    (folder / "usage.csv").write_text(header + "S1-C2-1,readwell,2025-10-06,40000\n" * 2)
    with pytest.raises(DataError, match=r'usage\.csv, column "minutes": 80000 is outside 0-44640'):
        load_pilot(folder)
    (folder / "usage.csv").write_text(
        header + "S1-C2-1,readwell,2025-10-06,30\n" * 3 + "X,readwell,2025-10-06,30\n"
    )
    pilot = load_pilot(folder)
    assert pilot.table("usage")["minutes"].tolist() == [90]
    ledger = pilot.ledger[pilot.ledger["table"].eq("usage")].drop(columns=["table", "file"])
    assert [tuple(row) for row in ledger.itertuples(index=False)] == [
        ("events", "read", "", 4), ("events", "kept", "", 4), ("rows", "read", "", 2),
        ("rows", "set aside", "student not on the roster", 1), ("rows", "kept", "", 1),
    ]  # fmt: skip


@pytest.mark.filterwarnings("default")
def test_clever_days_and_iready_lessons_are_all_accounted_for(shared_data):
    clever = Source(
        file="clever/daily_participation_students.csv",
        format="clever_daily",
        values={"product_id": "clever"},
    )
    frame, step, (read,) = read_log(shared_data, clever)
    raw = pd.read_csv(shared_data / clever.file)
    assert (step.unit, step.read, step.aside) == ("days", 15_000, {"no use that day": 7_500})
    assert read.rows == len(raw) == 15_000
    assert frame["sessions"].sum() == raw["num_logins"].sum()
    assert frame["minutes"].isna().all()
    lessons = Source(
        file="iready/personalized_instruction_by_lesson_math.csv",
        format="iready_lessons",
        values={"product_id": "iready"},
        where={"Subject": ["Math"]},
    )
    frame, step, _ = read_log(shared_data, lessons)
    raw = pd.read_csv(shared_data / lessons.file, escapechar="\\")
    assert (step.unit, step.read, step.kept) == ("lessons", len(raw), len(raw))
    assert frame["lessons_attempted"].sum() == len(raw) == 7_767
    assert frame["lessons_passed"].sum() == raw["Passed or Not Passed"].eq("Passed").sum()
    assert frame["minutes"].sum() == raw["Total Time on Lesson (min)"].sum()
    assert frame["student_id"].nunique() == raw["Student ID"].nunique()


JOINED = """
[pilot]
id = "iready"
title = "i-Ready"
[sources]
schools = { file = "schools.csv" }
products = { file = "products.csv" }
students = [
  { file = "diagnostic_results_math.csv", format = "iready_diagnostic", keep = "first" },
  { file = "diagnostic_results_ela.csv", format = "iready_diagnostic", keep = "first" },
]
[[sources.usage]]
file = "personalized_instruction_by_lesson_math.csv"
format = "iready_lessons"
values = { product_id = "iready" }
[[sources.usage]]
file = "daily_participation_students.csv"
format = "clever_daily"
values = { product_id = "clever" }
"""


@pytest.mark.filterwarnings("default")
def test_lessons_and_clever_days_are_matched_with_the_students_of_both_diagnostics(
    shared_data, tmp_path
):
    for path in (*(shared_data / "iready").glob("*.csv"), *(shared_data / "clever").glob("*.csv")):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    tests = [pd.read_csv(path) for path in tmp_path.glob("diagnostic_results_*.csv")]
    known = set(pd.concat(tests)["Student ID"])
    schools = sorted(set(pd.concat(tests)["School"]))
    (tmp_path / "schools.csv").write_text(
        "school_id,name\n" + "".join(f"{s},{s}\n" for s in schools)
    )
    (tmp_path / "products.csv").write_text("product_id,name\niready,i-Ready\nclever,Clever\n")
    (tmp_path / "pilot.toml").write_text(JOINED)
    pilot = load_pilot(tmp_path)
    assert set(pilot.table("students")["student_id"]) == known
    assert len(known) == 500
    clever = pd.read_csv(tmp_path / "daily_participation_students.csv").query("active")
    mondays = pd.to_datetime(clever["date"]).dt.to_period("W-SUN")
    n_weeks = len(pd.DataFrame({"s": clever["sis_id"], "w": mondays}).drop_duplicates())
    assert not known & set(clever["sis_id"])  # nobody of the one is in the other, and it shows
    ledger = pilot.ledger.query("table == 'usage' and unit == 'rows'").set_index(["file", "step"])
    assert ledger["rows"].to_dict() == {
        ("personalized_instruction_by_lesson_math.csv", "read"): 3_461,
        ("personalized_instruction_by_lesson_math.csv", "kept"): 3_461,
        ("daily_participation_students.csv", "read"): n_weeks,
        ("daily_participation_students.csv", "set aside"): n_weeks,
        ("daily_participation_students.csv", "kept"): 0,
    }
    assert set(ledger["reason"]) == {"", "student not on the roster"}
    assert pilot.table("usage")["lessons_attempted"].sum() == 7_767
    assert pilot.table("usage")["student_id"].nunique() == 471


CELLS = st.tuples(
    st.sampled_from(["A", "B", " A ", "", "na", "C\t"]),
    st.sampled_from(["p", "q", "q "]),
    st.dates(pd.Timestamp("2025-09-20").date(), pd.Timestamp("2025-10-20").date()),
    st.sampled_from(["", " 09:30", "T23:59:59.999999Z", " 12:05:00 PM", " 00:00 +05:30"]),
    st.one_of(
        st.sampled_from(["", "NA", "-", "1,234", "+.5", "7.", "1e2"]),
        st.integers(0, 600).map(str),
        st.decimals(0, 600, places=3).map(str),
    ),
    st.sampled_from(["", "0", "1", "2.0", "1,000"]),
    st.text(st.sampled_from('ab,";\n'), max_size=6),
)


def write_part(part, path, kind, end):
    if kind == "parquet":
        part.to_parquet(path.with_suffix(".parquet"), index=False)
        return
    text = part.to_csv(index=False, lineterminator=end).encode("utf-8-sig")
    if kind == "gz":
        path.with_suffix(".csv.gz").write_bytes(gzip.compress(text))
    else:
        path.with_suffix(".csv").write_bytes(text)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(CELLS, min_size=1, max_size=60),
    st.lists(
        st.tuples(
            st.sampled_from(["csv", "gz", "parquet"]),
            st.permutations(["student_id", "product_id", "date", "minutes", "sessions", "note"]),
        ),
        min_size=1,
        max_size=3,
    ),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
    st.sampled_from(["", "seconds"]),
)
def test_weekly_sums_are_those_of_a_plain_computation(tmp_path, rows, parts, end, once, unit):
    plain = pd.DataFrame(
        [(s, p, f"{d}{t}", m, n, note) for s, p, d, t, m, n, note in rows],
        columns=["student_id", "product_id", "date", "minutes", "sessions", "note"],
    )
    for path in tmp_path.glob("log*"):
        path.unlink()
    for i, (kind, order) in enumerate(parts):
        write_part(plain.loc[i :: len(parts), order], tmp_path / f"log{i}", kind, end)
    source = Source(
        file="log*", format="usage_events", delimiter="comma", keep="distinct" if once else "all",
        units={"minutes": unit} if unit else {},
    )  # fmt: skip
    # A line end inside a cell of a text is read as a space.
    is_text = np.resize([kind != "parquet" for kind, _ in parts], len(plain))
    spaced = plain["note"].str.replace("\n+", " ", regex=True)
    whole = plain.assign(note=spaced.where(is_text, plain["note"]))
    repeated = whole.duplicated() if once else pd.Series(data=False, index=plain.index)
    named = ~plain["student_id"].str.strip().isin(["", "na"])
    wanted = plain[named & ~repeated]
    if wanted.empty:
        with pytest.raises(DataError, match="no row is left"):
            read_log(tmp_path, source)
        return
    frame, step, reads = read_log(tmp_path, source)
    assert step.read == len(rows) == sum(r.rows for r in reads)
    assert step.kept == len(wanted)
    assert step.aside.get("the same as an earlier row", 0) == (named & repeated).sum()
    number = {name: pd.to_numeric(wanted[name].str.replace(",", ""), "coerce")
              for name in ("minutes", "sessions")}  # fmt: skip
    number["minutes"] /= 60 if unit else 1
    days = pd.to_datetime(wanted["date"].str[:10]).rename("period_start")
    mondays = days - pd.to_timedelta(days.dt.day_of_week, unit="D")
    keys = [wanted["student_id"].str.strip(), wanted["product_id"].str.strip(), mondays]
    expected = wanted.assign(**number).groupby(keys)[["minutes", "sessions"]].sum(min_count=1)
    found = frame.set_index(["student_id", "product_id", "period_start"])
    pd.testing.assert_frame_equal(
        found[["minutes", "sessions"]].astype(float), expected.astype(float),
        check_index_type=False, check_dtype=False, rtol=1e-9,
    )  # fmt: skip
