"""Text -> values: numbers, whole numbers, flags and dates, or what is wrong with the text."""

import re
from datetime import datetime
from math import isfinite
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

from pilot_analysis.ingest.cells import Cells
from pilot_analysis.ingest.faults import Origin, describe_rows
from pilot_analysis.schema import Field

__all__ = ["DateOrder", "Refused", "in_minutes", "parse_cells", "parse_text"]

DateOrder = Literal["", "month first", "day first"]

_MISSING = frozenset({"", "na", "n/a"})
_FLAGS = {
    **dict.fromkeys(("true", "yes", "y", "1"), True),
    **dict.fromkeys(("false", "no", "n", "0"), False),
}
_NUMBER = re.compile(
    r"[+-]?(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)?"  # whole part, with or without thousands
    r"(?:\.[0-9]+|(?<=[0-9])\.)?(?:[eE][+-]?[0-9]{1,3})?"
)
_TIME = (
    r"(?:[ T]+(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:\.[0-9]{1,9})?)?"
    r"(?: ?(?P<half>[AaPp][Mm]))?"
    # A zone is not converted: a day stays the day that the export shows.
    r"(?: ?(?:Z|(?:GMT|UTC)?[+-][0-9]{1,2}(?::?[0-9]{2})?|GMT|UTC))?)?"
)
_ISO = re.compile(
    r"(?P<year>[0-9]{4})(?P<mark>[-/])(?P<left>[0-9]{1,2})(?P=mark)(?P<right>[0-9]{1,2})" + _TIME
)
_SLASHED = re.compile(
    r"(?P<left>[0-9]{1,2})/(?P<right>[0-9]{1,2})/(?P<year>[0-9]{4}|[0-9]{2})" + _TIME
)
_YEARS = (1900, 2100)
_CENTURY_TURNS = 70  # a year in two digits: 70 to 99 are of the last century


class Refused(NamedTuple):
    """A text that is no value of its column: which rule it breaks, and the next step."""

    rule: str
    advice: str


# What a spreadsheet would carry out: =cmd|..., =HYPERLINK(...), =A1, ="00123", @SUM(...); but a
# comment may begin with "=)", "+1" or "-not good".
_FORMULA = re.compile(
    r"=\s*[+-]*(?:[A-Za-z_][\w.]*[(|]|(?:[A-Za-z_]\w*!)?\$?[A-Za-z]{1,3}\$?[0-9]|['\"{][^()]|\.?[0-9])"
    r"|[=+@-](?:(?s:.*)\w\|\s*'|[0-9+*/.@-]*[A-Z][A-Z0-9.]+\()"
)
_WIDE_SIGNS = str.maketrans("＝＋－＠", "=+-@")  # spreadsheets take them for the narrow ones
_SHORTENED = re.compile(r"[0-9]\.[0-9]+E\+[0-9]{2,}")
_IS_FORMULA = Refused(
    "is a formula, which a spreadsheet would carry out",
    "Export the value itself, or ask who wrote it",
)
_IS_SHORTENED = Refused(
    "is an id that a spreadsheet has shortened, so that others may look the same",
    "Export it again, and do not open and save it in a spreadsheet",
)
_SUPPRESSED = Refused(
    "is a suppressed value, not a missing one",
    "Ask for the export without suppression, or leave out the table",
)


def parse_cells(
    item: Field, cells: Cells, origin: Origin, dates: DateOrder = "", *, is_told: bool = True
) -> tuple[ExtensionArray, list[str]]:
    """Turn one column of text into values.

    Parameters
    ----------
    item : Field
        The clean column; its kind says what is read.
    cells : Cells, n rows
    origin : Origin, n rows
    dates : {"", "month first", "day first"}
        How dates with slashes are written; "": only those are read that can be read in one way.
    is_told : bool
        Whether messages may quote the text.

    Returns
    -------
    values : array of the column's dtype, n rows
        Missing where the text was missing or refused.
    faults : list of str
        One line per rule that a text broke.
    """
    parsed = [parse_text(item, text, dates) for text in cells.distinct]
    values = [None if isinstance(value, Refused) else value for value in parsed]
    faults = []
    for refused in dict.fromkeys(value for value in parsed if isinstance(value, Refused)):
        breaks = np.array([value == refused for value in parsed])
        mask = breaks[cells.codes]
        origin.refuse(item.name, mask)
        faults += describe_rows(
            origin,
            item.name,
            mask,
            lambda i, rule=refused.rule: (
                f'"{cells.distinct[cells.codes[i]]}" {rule}' if is_told else f"the cell {rule}"
            ),
            refused.advice,
        )
    return pd.array(values, dtype=item.dtype).take(cells.codes), faults


def in_minutes(amounts, unit: Literal["seconds", "hours"]):
    """Return a number, or an array of numbers, of seconds or hours as minutes."""
    return amounts / 60 if unit == "seconds" else amounts * 60


def parse_text(item: Field, text: str, dates: DateOrder = ""):
    """Return the value of one text, None where it is missing, or `Refused`.

    Missing is blank, ``NA`` or ``N/A`` in any case, and a dash where no text is wanted. A ``*``
    is a suppressed value: refused wherever a number, flag or date is needed.
    """
    if text.casefold() in _MISSING:
        return None
    if item.kind in ("id", "text"):
        return _text(item, text)
    if text == "-":
        return None
    if set(text) == {"*"}:
        return _SUPPRESSED
    if item.kind == "flag":
        return _FLAGS.get(
            text.casefold(),
            Refused("is neither yes nor no", "Write true or false, yes or no, Y or N, 1 or 0"),
        )
    if item.kind == "date":
        found = _date(text, dates)
        if item.whole_days and isinstance(found, datetime):
            return datetime(found.year, found.month, found.day)
        return found
    return _number(item, text)


def _text(item: Field, text: str) -> str | Refused:
    if _FORMULA.match(text.translate(_WIDE_SIGNS)):
        return _IS_FORMULA
    if item.kind == "id" and _SHORTENED.fullmatch(text):
        return _IS_SHORTENED
    return text


def _number(item: Field, text: str) -> float | int | Refused:
    percent = text.endswith("%")
    digits = text.removesuffix("%").rstrip() if percent else text
    if not _NUMBER.fullmatch(digits) or not any(map(str.isdigit, digits)):
        return Refused("is not a number", "Write digits with a point for decimals, such as 12.5")
    number = float(digits.replace(",", ""))
    if not isfinite(number):
        return Refused("is too large a number", "Check the export")
    if percent and item.high == 1:
        number /= 100
    elif percent and item.high != 100:
        return Refused(
            "is a percentage, which this column does not hold", "Check which column was exported"
        )
    if item.kind == "number":
        return number
    if number != int(number) or abs(number) > 2**53:
        return Refused("is not a whole number of things", "Check which column was exported")
    return int(number)


def _date(text: str, dates: DateOrder) -> datetime | Refused:
    if found := _ISO.fullmatch(text):
        return _moment(found, month="left", day="right")
    found = _SLASHED.fullmatch(text)
    if not found:
        return Refused("is not a date", "Write dates as YYYY-MM-DD")
    left, right = int(found["left"]), int(found["right"])
    if dates == "" and len(found["year"]) == 2:
        return Refused(
            "is a date with two digits for the year",
            'Say dates = "month first" or "day first" for this source in pilot.toml, or write '
            "YYYY-MM-DD",
        )
    if dates == "day first":
        return _moment(found, month="right", day="left")
    if dates == "" and left != right and max(left, right) <= 12:
        return Refused(
            "may be month/day or day/month",
            'Say dates = "month first" or "day first" for this source in pilot.toml, or write '
            "YYYY-MM-DD",
        )
    if dates == "" and left > 12:
        return Refused(
            "is not MM/DD/YYYY",
            'Say dates = "day first" for this source in pilot.toml, or write YYYY-MM-DD',
        )
    return _moment(found, month="left", day="right")


def _moment(found: re.Match, *, month: str, day: str) -> datetime | Refused:
    hour, half = int(found["hour"] or 0), (found["half"] or "").lower()
    try:
        if half and not 1 <= hour <= 12:
            raise ValueError("no such hour")
        if half:
            hour = hour % 12 + (12 if half == "pm" else 0)
        year = int(found["year"])
        if len(found["year"]) == 2:
            year += 1900 if year >= _CENTURY_TURNS else 2000
        moment = datetime(
            year, int(found[month]), int(found[day]),
            hour, int(found["minute"] or 0), int(found["second"] or 0),
        )  # fmt: skip
        first, last = _YEARS
        if not first <= year <= last:
            return Refused(
                f"is not in the years {first} to {last}", "Check how the export writes dates"
            )
        return moment
    except ValueError:
        return Refused("is no day or time of the calendar", "Check how the export writes dates")
