"""`LogSums`: a log of any size added up, and every row of it accounted for."""

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa

from pilot_analysis.config import Source
from pilot_analysis.errors import DataError
from pilot_analysis.ingest.cells import Cells
from pilot_analysis.ingest.faults import describe
from pilot_analysis.ingest.parse import Refused
from pilot_analysis.ingest.privacy import PERSONS
from pilot_analysis.ingest.raw import RawTable, header_key
from pilot_analysis.ingest.readers.log import Log
from pilot_analysis.ingest.readers.log_columns import (
    KEYS,
    LogColumn,
    is_there,
    meaning,
    whole_row,
)
from pilot_analysis.ingest.readers.reading import SAME_ROW, Step, not_asked_for, unmatched

__all__ = ["LogSums"]

_MOST_TEXTS = 5_000_000


class LogSums:
    """A log added up by file, student, product and day as they are written: the table ``parts``.

    A text that is no plain number is part of the key, so that it can be read, or refused, later.
    What the texts of a column mean stands in a table of its own.
    """

    def __init__(self, log: Log, source: Source, columns: dict[str, LogColumn], reason: str):
        self._log, self._source, self._columns, self._reason = log, source, columns, reason
        self._ids: dict[str, list[str]] = {}
        self._is_there = is_there(log, source)
        self._add_up()
        refused = [(name, *each) for name in columns for each in self._look_up(name).items()]
        faults = [fault for each in refused if (fault := self._fault(*each))]
        faults += self._unmatched()
        if faults or (faults := self._nothing_left()):
            raise DataError("\n  ".join(faults))

    def _add_up(self) -> None:
        """Go through the log."""
        rows = "SELECT *, 1 AS copies FROM log"
        if self._source.keep == "distinct":
            whole = whole_row(self._log, self._source)
            counts = "min(file) AS file, count(*) AS copies"
            rows = f"SELECT {whole}, {counts} FROM log GROUP BY {whole}"
        # What was set aside is counted by its reason alone.
        texts = ", ".join(
            f"CASE WHEN reason IS NULL THEN {column.text} END AS {name}"
            for name, column in self._columns.items()
        )
        plain = {name: column.plain for name, column in self._columns.items() if column.plain}
        read = "".join(f", {sql} AS {name}_plain" for name, sql in plain.items())
        key = ", ".join(
            f"CASE WHEN {name}_plain IS NULL THEN {name} END AS {name}" if name in plain else name
            for name in self._columns
        )
        values = "".join(
            f", {name}_plain" if name in KEYS else f", sum({name}_plain) AS {name}_plain"
            for name in plain
        )
        tests = "".join(f", {sql} AS w{i}" for i, sql in enumerate(self._is_there.values()))
        wanted = "".join(f", w{i}" for i in range(len(self._is_there)))
        values += "".join(f", bool_or(w{i}) AS w{i}" for i in range(len(self._is_there)))
        self._log.ask(
            f"CREATE TABLE parts AS SELECT file, reason, {key}{values}, "
            "sum(copies) AS n_read, count(*) AS n_used "
            f"FROM (SELECT *{read} FROM (SELECT file, copies, reason{wanted}, {texts} "
            f"FROM (SELECT *, {self._reason} AS reason{tests} FROM ({rows})))) GROUP BY ALL"
        )

    def _look_up(self, name: str) -> dict[Refused, list[str]]:
        """Read each distinct text of a column, and return those that break a rule, by rule."""
        column = self._columns[name]
        asked = f"SELECT DISTINCT {name} FROM parts WHERE {name} IS NOT NULL LIMIT {_MOST_TEXTS}"
        texts = [text for (text,) in self._log.ask(asked)]
        if len(texts) == _MOST_TEXTS:
            what = f"holds over {_MOST_TEXTS:,} different texts, more than any such column"
            advice = "Check which column was exported"
            raise DataError(describe(self._log.label, what, advice, column=column.label))
        meant = [meaning(column, text, self._source) for text in texts]
        known = [None if isinstance(value, Refused) else value for value in meant]
        ids = sorted({value for value in known if isinstance(value, str)})
        code = {value: i for i, value in enumerate(ids)}
        days = [value if isinstance(value, date) else None for value in known]
        numbers = [value if isinstance(value, (int, float)) else None for value in known]
        self._ids[name] = ids
        self._log.add(
            f"{name}_means",
            pa.table(
                {
                    "text": pa.array(texts, pa.string()),
                    "code": pa.array([code.get(value) for value in known], pa.int32()),
                    "day": pa.array(days, pa.date32()),
                    "number": pa.array(list(map(_decimal, numbers)), pa.decimal128(18, 6)),
                    "is_blank": pa.array([value is None for value in meant], pa.bool_()),
                }
            ),
        )
        refused: dict[Refused, list[str]] = {}
        for value, text in zip(meant, texts, strict=True):
            if isinstance(value, Refused):
                refused.setdefault(value, []).append(text)
        return refused

    def _fault(self, name: str, rule: Refused, texts: list[str]) -> str:
        """Return the line for texts that break a rule; blank: their rows are set aside."""
        self._log.add("refused", pa.table({"text": pa.array(texts, pa.string())}))

        def test(text_of: Callable[[str], str], reason: str) -> str:
            there = " AND ".join(
                f"coalesce({text_of(key)}, '1') "
                f"NOT IN (SELECT text FROM {key}_means WHERE is_blank)"
                for key in KEYS
            )
            return f"({reason}) IS NULL AND {text_of(name)} IN (FROM refused) AND {there}"

        counted = f"SELECT sum(n_read), min(file) FROM parts WHERE {test(str, 'reason')}"
        rows, file = self._log.ask(counted)[0]
        if rows is None:
            return ""
        column = self._columns[name]
        in_log = test(lambda clean: self._columns[clean].text, self._reason)
        label, row, text = self._log.first(file, in_log, column.text)
        what = f"the cell {rule.rule}" if name in PERSONS else f'"{text}" {rule.rule}'
        return describe(label, what, rule.advice, row=row, column=column.label, rows=int(rows))

    def _nothing_left(self) -> list[str]:
        """Return a line where no row is left."""
        left = self.step("rows")
        if left.kept:
            return []
        if not left.read:
            found = "there is a header and no row below it"
            return [describe(self._log.label, found, "Export it again, or take it out")]
        if set(left.aside) == {not_asked_for(self._source)}:
            return [self._where_fault()]
        reasons = "; ".join(f"{rows:,} {reason}" for reason, rows in left.aside.items())
        return [describe(self._log.label, f"no row is left: {reasons}", "Check the export")]

    def _unmatched(self) -> list[str]:
        """Return a line for each column with a value of `where` that no row has."""
        faults = []
        for name, values in self._source.where.items():
            flags = {v: f"w{i}" for i, (n, v) in enumerate(self._is_there) if n == name}
            counted = ", ".join(f"bool_or({flag})" for flag in flags.values())
            found = self._log.ask(f"SELECT {counted} FROM parts")[0] if flags else ()
            held = [value for value, is_held in zip(flags, found, strict=True) if is_held]
            if flags and len(held) < len(flags):
                header = self._log.header.names[header_key(name)]
                faults += unmatched(self._log.label, header, values, held + self._held(name))
        return faults

    def _held(self, name: str) -> list[str]:
        """Return the first texts of a column, in the order of the alphabet."""
        asked = f"SELECT DISTINCT trim({self._log.column(name)}) FROM log ORDER BY 1 LIMIT 8"
        return [text for (text,) in self._log.ask(asked)]

    def _where_fault(self) -> str:
        name, _ = next(iter(self._source.where.items()))
        rule = " and ".join(f"{n} in {', '.join(v)}" for n, v in self._source.where.items())
        advice = f"Check `where` in pilot.toml; the column holds {', '.join(self._held(name))}"
        label = self._log.header.names[header_key(name)]
        return describe(self._log.label, f"no row has {rule}", advice, column=label)

    def step(self, unit: str) -> Step:
        """Return how many rows there were, and how many were set aside for which reason."""
        blank = [f"WHEN {self._value(key)} IS NULL THEN '{why}'" for key, why in KEYS.items()]
        why = f"coalesce(reason, CASE {' '.join(blank)} END) AS why"
        counts = self._log.ask(
            f"SELECT {why}, sum(n_read), sum(n_used) "
            f"FROM parts {_joined(KEYS)} GROUP BY why ORDER BY why"
        )
        aside = {why: int(rows) for why, rows, _ in counts if why is not None}
        repeats = sum(int(rows - n) for why, rows, n in counts if why is None)
        if repeats:
            aside[SAME_ROW] = repeats
        return Step(unit, sum(int(rows) for _, rows, _ in counts), aside)

    def rows_by_file(self) -> dict[int, int]:
        """Return the rows of each file by its number."""
        repeated = self._source.keep == "distinct"
        rows = "count(*) FROM log" if repeated else "sum(n_read) FROM parts"
        return {file: int(n) for file, n in self._log.ask(f"SELECT file, {rows} GROUP BY file")}

    def weeks(self) -> RawTable:
        """Return the sums by student, product and week, as text."""
        measures = [name for name in self._columns if name not in KEYS]
        keys = [self._value(key) for key in KEYS]
        sums = [f"CAST(sum({self._value(name)}) AS DOUBLE) AS {name}" for name in measures]
        named = [f"{value} AS {key}" for key, value in zip(KEYS, keys, strict=True)]
        found = self._log.numbers(
            f"SELECT {', '.join((*named, *sums))} FROM parts {_joined(self._columns)} "
            f"WHERE reason IS NULL AND {' AND '.join(f'{value} IS NOT NULL' for value in keys)} "
            "GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
        )
        cells = {name: Cells(found[name], np.array(ids, dtype=object))
                 for name, ids in self._ids.items() if name in KEYS and ids}  # fmt: skip
        cells["period_start"] = _as_text(found["period_start"].astype("datetime64[D]"))
        cells |= {name: _as_text(found[name]) for name in measures}
        labels = {name: column.label for name, column in self._columns.items()}
        # A week is made of many rows, so none of the file is its own.
        return RawTable(self._log.label, labels, cells, np.zeros(len(found["student_id"]), int))

    def _value(self, name: str) -> str:
        """Return the SQL of what a column of ``parts`` means; NULL: nothing."""
        column = self._columns[name]
        if column.field.kind == "id":
            return f"{name}_means.code"
        looked_up = f"{name}_means.{'day' if name in KEYS else 'number * parts.n_used'}"
        return f"coalesce({name}_plain, {looked_up})" if column.plain else looked_up


def _joined(names: Iterable[str]) -> str:
    """Return the SQL that puts the meaning of each text beside it."""
    return " ".join(f"LEFT JOIN {n}_means ON parts.{n} = {n}_means.text" for n in names)


def _decimal(number: float | None) -> Decimal | None:
    return None if number is None else round(Decimal(str(number)), 6)


def _as_text(values: np.ndarray) -> Cells:
    """Return each number or day as a text that reads back as it; a missing number is blank."""
    codes, distinct = pd.factorize(np.ma.filled(values, np.nan) if np.ma.isMA(values) else values)
    texts = np.array([*map(_text, distinct.tolist()), ""], dtype=object)
    return Cells(np.where(codes < 0, len(distinct), codes), texts)


def _text(value: float | date) -> str:
    return repr(value) if isinstance(value, float) else value.isoformat()
