"""What is wrong with a log is told by its place; nothing private is told with it."""

import gzip

import pytest
from pilot_fixtures import write_small_pilot
from usage_log import HEADER, LOG, only

from pilot_analysis.errors import DataError
from pilot_analysis.pilot import load_pilot


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
