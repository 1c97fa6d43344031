"""Logs with a row per day, lesson or event -> one row per student, product and week.

The log never stands in memory. DuckDB goes through it once, and adds up the rows of the same
student, product and day; then each distinct text is read by the rules of all other files.
"""

from pilot_analysis.config import PilotConfig, Source
from pilot_analysis.errors import DataError
from pilot_analysis.ingest.faults import describe
from pilot_analysis.ingest.files import Files
from pilot_analysis.ingest.formats import Format, TableMap
from pilot_analysis.ingest.readers.reading import Reading
from pilot_analysis.schema import Table

__all__ = ["read_weeks"]


def read_weeks(
    files: Files, source: Source, form: Format, table: Table, config: PilotConfig
) -> Reading:
    """Add up a log of use by student, product and week (Monday to Sunday).

    Parameters
    ----------
    files, source, form, table, config
        As for every reader. `source.file` may be a folder, or a pattern such as
        ``usage/*.csv.gz``, of files with the same columns.

    Returns
    -------
    Reading
        `period_start` is the week's Monday. Rows without a student, product or day, rows that
        the format or `where` sets aside, and, with ``keep = "distinct"``, repeats are counted by
        reason.

    Raises
    ------
    DataError
        What is no row of a table, by file and row; texts that are no number or no day.
    """
    if source.keep == "first" or source.values.get("period", "week") != "week":
        what = 'keep = "first"' if source.keep == "first" else "a period other than a week"
        advice = 'Take it out; keep = "distinct" sets repeated rows aside'
        raise DataError(describe(source.file, f"{what} means nothing for a log of use", advice))
    # Only pilots with a log wait for DuckDB to be imported.
    from pilot_analysis.ingest.readers.log import open_log
    from pilot_analysis.ingest.readers.log_columns import log_columns, why_aside
    from pilot_analysis.ingest.readers.log_sums import LogSums

    with open_log(files, source) as log:
        given = form.tables.get(table.name, TableMap.empty())
        filled = given.fill(source, log.header, table)
        sums = LogSums(log, filled, log_columns(log, filled, table), why_aside(log, filled, given))
        step = sums.step(form.unit)
        raw = sums.weeks()
        for read in log.reads(sums.rows_by_file()):
            files.note(source, read)
    settled = filled.model_copy(
        update={
            "columns": {name: name for name in raw.columns},
            "values": {"period": "week"},
            **{key: {} for key in ("templates", "recode", "blanks", "where")},
            "keep": "all",
        }
    )
    return Reading(raw, settled, {}, (step,))
