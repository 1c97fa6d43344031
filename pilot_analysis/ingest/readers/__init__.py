"""One module per kind of file: what a source's file gives to one clean table, as text by column."""

from collections.abc import Callable

from pilot_analysis.config import PilotConfig, Source
from pilot_analysis.ingest.files import Files
from pilot_analysis.ingest.formats import Format
from pilot_analysis.ingest.readers.answers import read_answers
from pilot_analysis.ingest.readers.oneroster import read_oneroster
from pilot_analysis.ingest.readers.periods import read_snapshot, read_spans
from pilot_analysis.ingest.readers.pulls import read_pulls
from pilot_analysis.ingest.readers.reading import Reading
from pilot_analysis.ingest.readers.rows import read_rows
from pilot_analysis.ingest.readers.tests import read_tests
from pilot_analysis.ingest.readers.weeks import read_weeks
from pilot_analysis.schema import Table

__all__ = ["READERS", "Reader", "Reading"]

Reader = Callable[[Files, Source, Format, Table, PilotConfig], Reading]

READERS: dict[str, Reader] = {
    "answers": read_answers,
    "oneroster": read_oneroster,
    "pulls": read_pulls,
    "rows": read_rows,
    "snapshot": read_snapshot,
    "spans": read_spans,
    "tests": read_tests,
    "weeks": read_weeks,
}
