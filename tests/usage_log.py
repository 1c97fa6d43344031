"""A log of use, and what reading it as weeks gives."""

from pilot_analysis.ingest.columns import clean_columns
from pilot_analysis.ingest.files import Files
from pilot_analysis.ingest.formats import formats
from pilot_analysis.ingest.readers.weeks import read_weeks
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


def read_log(folder, source):
    files = Files(folder)
    before = sorted(folder.rglob("*"))
    reading = read_weeks(files, source, formats()[source.format], TABLES["usage"], None)
    assert sorted(folder.rglob("*")) == before, "something was written into the pilot's folder"
    sheet, faults = clean_columns(reading, TABLES["usage"], ())
    assert not faults, faults
    (step,) = reading.steps
    return sheet.frame, step, files.reads(source)


def only(lines):
    assert len(lines) == 1, lines
    return lines[0]


def weeks(frame):
    columns = ["student_id", "period_start", "minutes"]
    return [(s, str(d.date()), m) for s, d, m in frame[columns].itertuples(index=False)]
