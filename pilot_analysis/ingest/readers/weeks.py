"""Logs with a row per day, lesson or event -> one row per student, product and week.

The log never stands in memory: DuckDB reads it in pieces, counts every row, and hands on weeks.
"""

from dataclasses import dataclass
from itertools import chain

import duckdb
import pandas as pd

from pilot_analysis.config import PilotConfig, Source
from pilot_analysis.errors import DataError
from pilot_analysis.ingest.faults import describe
from pilot_analysis.ingest.files import Files
from pilot_analysis.ingest.formats import Format, TableMap
from pilot_analysis.ingest.parse import Refused, parse_text
from pilot_analysis.ingest.raw import RawTable, header_key
from pilot_analysis.ingest.readers.frames import raw_of
from pilot_analysis.ingest.readers.log import Log, open_log
from pilot_analysis.ingest.readers.reading import Reading, Step
from pilot_analysis.schema import TABLES, Table

__all__ = ["read_weeks"]

MEASURES = ("minutes", "sessions", "lessons_attempted", "lessons_passed")
_MISSING = "('', 'na', 'n/a', '-')"
_NO_STUDENT, _NO_DAY, _REPEAT = "no student named", "no day named", "the same as another row"


def read_weeks(
    files: Files, source: Source, form: Format, table: Table, config: PilotConfig
) -> Reading:
    """Add up a log of use by student, product and week (Monday to Sunday).

    Parameters
    ----------
    files, source, form, table, config
        As for every reader. `source.file` is a file, a folder, or a pattern such as
        ``usage/*.csv.gz``, of CSV or Parquet files with the same columns.

    Returns
    -------
    Reading
        `period_start` is the week's Monday. Rows without a student or a day, rows that the format
        or `where` sets aside, and, with ``keep = "distinct"``, repeats are counted by reason.

    Raises
    ------
    DataError
        What DuckDB cannot read, by file and row; texts that are no number or no day.
    """
    with open_log(files, source) as log:
        given = form.tables.get(table.name, TableMap.empty())
        filled = given.fill(source, _header_of(log), table)
        summary = _Summary(log, filled, given)
        faults = summary.faults()
        if faults:
            raise DataError("\n  ".join(faults))
        weeks, step = summary.weeks(), summary.step()
    columns = {name: name for name in weeks.columns if name != "row"}
    settled = filled.model_copy(
        update={"columns": columns, "values": _constants(filled), "recode": {}, "where": {},
                "keep": "all", "dates": ""}
    )  # fmt: skip
    return Reading(raw_of(log.label, weeks), settled, {}, (step,))


def _header_of(log: Log) -> RawTable:
    """Return the log's header, as far as a format needs it to find its columns."""
    return RawTable(log.label, dict(log.names), dict.fromkeys(log.names), pd.array([]))


def _constants(source: Source) -> dict[str, str]:
    made = (*MEASURES, "period")
    return {n: v for n, v in source.values.items() if n not in made} | {"period": "week"}  # noqa: PD011


@dataclass(slots=True)
class _Summary:
    """What is asked of one log: SQL over the view ``log``, whose columns are all text."""

    log: Log
    source: Source
    given: TableMap

    def __post_init__(self):
        for name in self.source.columns.values():
            self.log.require(name)
        self._days()

    def text(self, clean: str) -> str | None:
        """Return the SQL of a clean column's text; None where the log does not have it."""
        constants = self.source.values  # noqa: PD011 (a key of pilot.toml)
        if clean in constants:
            return _literal(constants[clean])
        if clean not in self.source.columns:
            return None
        column = f"trim({self.log.column(self.source.columns[clean])})"
        recode = self.source.recode.get(clean, {})
        cases = " ".join(f"WHEN {_literal(a)} THEN {_literal(b)}" for a, b in recode.items())
        return f"CASE {column} {cases} ELSE {column} END" if cases else column

    def number(self, clean: str) -> str | None:
        """Return the SQL of a measure as a number; NULL where it is missing or no number."""
        text = self.text(clean)
        return text and f"try_cast(replace({text}, ',', '') AS DOUBLE)"

    def measures(self) -> list[str]:
        """Return the measures that the log has."""
        return [name for name in MEASURES if self.text(name)]

    def day(self) -> str:
        """Return the SQL of the text that names the day, without the time."""
        return f"regexp_extract({self.text('period_start')}, '^[^ T]*')"

    def _days(self) -> None:
        """Read every distinct day once, by the rules of all dates."""
        field = TABLES["usage"].by_name["period_start"]
        texts = [text for (text,) in self.log.ask(f"SELECT DISTINCT {self.day()} FROM log")]
        parsed = [parse_text(field, text or "", self.source.dates) for text in texts]
        self.refused = {t: p for t, p in zip(texts, parsed, strict=True) if isinstance(p, Refused)}
        days = pd.DataFrame(
            {
                "text": pd.array(texts, dtype="str"),
                "day": pd.array([p if t not in self.refused else None
                                 for t, p in zip(texts, parsed, strict=True)],
                                dtype="datetime64[us]"),
            }
        )  # fmt: skip
        self.log.add("days", days)

    def reason(self) -> str:
        """Return the SQL of why a row is set aside; NULL where it is wanted."""
        cases = []
        for name, reasons in self.given.aside.items():
            if header_key(name) in self.log.names:
                cell = f"lower(trim({self.log.column(name)}))"
                cases += [(f"{cell} = {_literal(t.lower())}", r) for t, r in reasons.items()]
        for name, wanted in self.source.where.items():
            self.log.require(name)
            values = ", ".join(map(_literal, wanted))
            rule = f"not asked for (wanted: {name} {' or '.join(wanted)})"
            cases.append((f"trim({self.log.column(name)}) NOT IN ({values})", rule))
        missing = f"lower({{}}) IN {_MISSING}"
        cases.append((missing.format(self.text("student_id")), _NO_STUDENT))
        cases.append((missing.format(self.text("period_start")), _NO_DAY))
        whens = " ".join(f"WHEN {test} THEN {_literal(reason)}" for test, reason in cases)
        return f"CASE {whens} END"

    def rows(self) -> str:
        """Return the SQL of the rows that count."""
        what = "DISTINCT *" if self.source.keep == "distinct" else "*"
        return f"(SELECT {what} FROM log WHERE {self.reason()} IS NULL)"

    def faults(self) -> list[str]:
        """Return one line per rule that a text of the log breaks."""
        faults = []
        for refused in dict.fromkeys(self.refused.values()):
            texts = [text for text, rule in self.refused.items() if rule == refused]
            values = ", ".join(map(_literal, texts))
            faults += self._bad_rows("period_start", f"{self.day()} IN ({values})", refused)
        for name in self.measures():
            text, number = self.text(name), self.number(name)
            wrong = f"lower({text}) NOT IN {_MISSING}"
            faults += self._bad_rows(
                name,
                f"{wrong} AND {number} IS NULL",
                Refused("is not a number", "Write digits with a point for decimals, such as 12.5"),
            )
            faults += self._bad_rows(
                name,
                f"{wrong} AND ({number} < 0 OR NOT isfinite({number}))",
                Refused("is below 0, or too large a number", "Check the export"),
            )
        return faults

    def _bad_rows(self, clean: str, test: str, refused: Refused) -> list[str]:
        counted = f"SELECT count(*) FROM log WHERE {self.reason()} IS NULL AND {test}"
        n = self.log.ask(counted)[0][0]
        if not n:
            return []
        test = f"{self.reason()} IS NULL AND {test}"
        file, row, text = self.log.first(test, self.text(clean))
        label = self.source.columns.get(clean, clean)
        what = f'"{text}" {refused.rule}'
        return [describe(file, what, refused.advice, row=row, column=label, rows=n)]

    def weeks(self) -> pd.DataFrame:
        """Return the sums by student, product and week, as text."""
        product = self.text("product_id")
        keys = [f"{self.text('student_id')} AS student_id"]
        keys += [f"{product} AS product_id"] if product else []
        keys.append("strftime(date_trunc('week', days.day), '%Y-%m-%d') AS period_start")
        sums = [
            f"coalesce(format('{{:.12g}}', sum({self.number(m)})), '') AS {m}"
            for m in self.measures()
        ]
        frame = self.log.frame(
            f"SELECT {', '.join(chain(keys, sums))} FROM {self.rows()} AS log "
            f"JOIN days ON days.text = {self.day()} GROUP BY ALL ORDER BY ALL"
        )
        # A week is made of many rows, so it has no row of the file to point to.
        return frame.astype("str").assign(row=0)

    def step(self) -> Step:
        """Return how many rows there were, and how many were set aside for which reason."""
        counts = self.log.ask(
            f"SELECT {self.reason()} AS reason, count(*) FROM log GROUP BY 1 ORDER BY 1"
        )
        aside = {reason: n for reason, n in counts if reason is not None}
        if self.source.keep == "distinct":
            kept = self.log.ask(f"SELECT count(*) FROM {self.rows()}")[0][0]
            aside[_REPEAT] = sum(n for reason, n in counts if reason is None) - kept
        return Step(self.log.unit, sum(n for _, n in counts), aside)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
