"""The clean columns of a log as SQL, and what each distinct text in them means."""

import re
from dataclasses import dataclass
from datetime import date

from pilot_analysis.config import Source, nearest, placeholders
from pilot_analysis.errors import DataError
from pilot_analysis.ingest.faults import describe
from pilot_analysis.ingest.formats import TableMap
from pilot_analysis.ingest.parse import Refused, in_minutes, parse_text
from pilot_analysis.ingest.privacy import private_kind
from pilot_analysis.ingest.raw import header_key
from pilot_analysis.ingest.readers.log import Log, literal
from pilot_analysis.ingest.readers.periods import begin_of_week
from pilot_analysis.ingest.readers.reading import not_asked_for
from pilot_analysis.schema import Field, Table

__all__ = [
    "KEYS",
    "LogColumn",
    "is_there",
    "log_columns",
    "meaning",
    "whole_row",
    "why_aside",
]

KEYS = {
    "student_id": "no student named",
    "product_id": "no product named",
    "period_start": "no day named",
}
"""Clean column -> why a row is set aside that has nothing there."""
_MEASURES = ("minutes", "sessions", "lessons_attempted", "lessons_passed")

_NO_PRODUCT = 'Say its name: values = { product_id = "..." }, or what the column is called'
_SPACES = "".join(filter(str.isspace, map(chr, range(0x3001))))
# The end of a text that `parse_text` reads as a time of day: the day stands before it.
_ZONE = "( ?(Z|(GMT|UTC)?[+-][0-9]{1,2}(:?[0-9]{2})?|GMT|UTC))?"
_MINUTE = r":[0-5][0-9](:[0-5][0-9](\.[0-9]{1,9})?)?"
_TIME = f"[ T]+(([01]?[0-9]|2[0-3]){_MINUTE}|(0?[1-9]|1[0-2]){_MINUTE} ?[AaPp][Mm]){_ZONE}$"
_SHORTEST_WITH_TIME = len("1/2/25 9:00")
_PLAIN = {
    "number": r"[0-9]{1,9}(\.[0-9]*)?",
    "whole": r"[0-9]{1,9}(\.0*)?",
    "date": "(19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}",
}


@dataclass(frozen=True, slots=True)
class LogColumn:
    """One clean column of a log.

    Attributes
    ----------
    field : Field
    label : str
        What the files call it.
    text : str
        SQL of its text, over the rows of the log.
    plain : str
        SQL, over a column of the clean name, of the value where the text is a plain one such as
        12.5 or 2025-10-06 (then the Monday of its week), and NULL elsewhere; blank: there is none.
    """

    field: Field
    label: str
    text: str
    plain: str = ""


def log_columns(log: Log, source: Source, table: Table) -> dict[str, LogColumn]:
    """Return the clean columns that a log has, by name.

    Parameters
    ----------
    log : Log
    source : Source
        With what the format adds.
    table : Table

    Raises
    ------
    DataError
        A column is not there, or nothing is measured.
    """
    found = {}
    for name in (*KEYS, *_MEASURES):
        text = _text(log, source, name)
        if text is not None:
            called = source.columns.get(name, f"{name}, made in pilot.toml")
            label = log.header.names.get(header_key(called), called)
            field = table.by_name[name]
            found[name] = LogColumn(field, label, text, _plain(field, source))
    if not found.keys() & set(_MEASURES):
        known = ", ".join(_MEASURES)
        what = f"no column is one of {known}, so the log measures nothing"
        advice = 'Map one with `columns`; where each row is a session, values = { sessions = "1" }'
        raise DataError(describe(log.label, what, advice, row=1))
    return found


def _text(log: Log, source: Source, name: str) -> str | None:
    """Return the SQL of a clean column's text; None where the log does not have it."""
    constants = source.values
    if name in constants:
        return literal(constants[name])
    if name in source.templates:
        return _made(log, source.templates[name])
    called = source.columns.get(name, name)
    if name not in {*KEYS, *source.columns} and header_key(called) not in log.header.names:
        return None
    advice = _NO_PRODUCT if name == "product_id" else f"Say what it is called: columns.{name}"
    text = f"trim({log.column(called, advice)})"
    if name != "period_start":
        return text
    return (
        f"CASE WHEN length({text}) < {_SHORTEST_WITH_TIME} THEN {text} "
        f"ELSE regexp_replace({text}, {literal(_TIME)}, '') END"
    )


def _made(log: Log, template: str) -> str:
    """Return the SQL of a template; blank where one of its columns is."""
    parts = re.split(r"\{([^{}]+)\}", template)
    columns = {name: _stripped(log.column(name)) for name in placeholders(template)}
    pieces = [columns[part] if i % 2 else literal(part) for i, part in enumerate(parts)]
    blank = " OR ".join(f"{text} = ''" for text in columns.values())
    return f"CASE WHEN {blank} THEN '' ELSE {' || '.join(pieces)} END"


def _plain(field: Field, source: Source) -> str:
    """Return the SQL of texts that have but one meaning, the one that `meaning` gives them."""
    name = field.name
    if field.kind == "id" or name in {
        *source.values, *source.templates, *source.recode, *source.blanks
    }:  # fmt: skip
        return ""
    is_plain = f"regexp_full_match({name}, {literal(_PLAIN[field.kind])})"
    if field.kind == "date":
        value = f"date_trunc('week', try_cast({name} AS DATE))::DATE"
    else:
        # To a millionth: sums of decimals do not depend on the order of the rows.
        value = f"try_cast({name} AS DECIMAL(18, 6))"
        is_plain += f" AND {value} <= {_most(field, source):g}" if field.high is not None else ""
    return f"CASE WHEN {is_plain} THEN {value} END"


def _most(field: Field, source: Source) -> float:
    """Return the largest number of a column, in the unit of the file."""
    unit = source.units.get(field.name)
    return field.high / in_minutes(1, unit) if unit else field.high


def meaning(column: LogColumn, text: str, source: Source) -> str | float | date | Refused | None:
    """Return what a text of a column means: an id, a number, or the Monday of a day's week.

    None: nothing is there. The rules are those of every other file.
    """
    field, plain = column.field, text.strip()
    if field.name in source.recode:
        words = source.recode[field.name]
        if plain and plain not in words:
            rule = f"is not named in recode.{field.name}{nearest(plain, words)}"
            return Refused(rule, "Add it there in pilot.toml")
        plain = words.get(plain, "")
    value = parse_text(field, plain or source.blanks.get(field.name, ""), source.dates)
    if value is None or isinstance(value, (str, Refused)):
        return value
    if field.kind == "date":
        return begin_of_week(value.date())
    most = _most(field, source) if field.high is not None else value
    unit = f" {source.units[field.name]}" if field.name in source.units else ""
    if not 0 <= value <= most:
        rule = "is below 0" if value < 0 else f"is above {most:g}{unit}"
        return Refused(rule, "Check the export")
    return value


def why_aside(log: Log, source: Source, given: TableMap) -> str:
    """Return the SQL of the reason why the format or `where` sets a row aside; NULL: none."""
    cases = []
    for name, reasons in given.aside.items():
        if header_key(name) in log.header.names:
            cell = f"lower({_stripped(log.column(name))})"
            cases += [(f"{cell} = lower({literal(text)})", why) for text, why in reasons.items()]
    for name, wanted in source.where.items():
        column = _stripped(log.column(name, "`where` in pilot.toml needs it"))
        values = ", ".join(map(literal, wanted))
        cases.append((f"{column} NOT IN ({values})", not_asked_for(source)))
    whens = " ".join(f"WHEN {test} THEN {literal(why)}" for test, why in cases)
    return f"CASE {whens} END" if cases else "NULL::VARCHAR"


def is_there(log: Log, source: Source) -> dict[tuple[str, str], str]:
    """Return, for each value of a `where` with several, the SQL that tells whether a row has it."""
    return {
        (name, value): f"{_stripped(log.column(name))} = {literal(value)}"
        for name, values in source.where.items()
        for value in values
        if len(values) > 1
    }


def whole_row(log: Log, source: Source) -> str:
    """Return the SQL of a whole row: all columns but private ones that are not asked for."""
    used = {*source.columns.values(), *source.where}
    used |= {name for template in source.templates.values() for name in placeholders(template)}
    keys = {header_key(name) for name in used}
    names = [key for key in log.header.names if key in keys or not private_kind(key)]
    return ", ".join(log.column(name) for name in names)


def _stripped(column: str) -> str:
    return f"trim({column}, {literal(_SPACES)})"
