"""However a log is written, packed and spread over files, its rows are the same."""

import gzip
import hashlib
import os
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from usage_log import HEADER, LOG, only, read_log, weeks

from pilot_analysis.config import Source
from pilot_analysis.errors import DataError
from pilot_analysis.ingest.files import Files
from pilot_analysis.ingest.readers.log import open_log


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


def test_files_with_other_columns_are_refused_and_the_nearest_name_is_given(complaint):
    other = HEADER.replace("minutes", "minuts")
    lines = complaint({"log/a.csv": LOG, "log/b.csv": other + "A,p,2025-10-06,5,1\n"}, file="log")
    assert lines[0] == (
        "log/b.csv, row 1: has no column \"minutes\", unlike log/a.csv; did you mean 'minuts'? "
        "Export them alike, or read them as two sources."
    )
    assert lines[1].startswith('log/b.csv, row 1: has a column "minuts", unlike log/a.csv.')


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
