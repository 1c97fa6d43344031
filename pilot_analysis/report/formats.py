"""How a value is written, by its unit: the only place that turns a number into characters."""

from math import isfinite

from pilot_analysis.disclosure.rounding import ROUNDING, decimals_of
from pilot_analysis.errors import RunError

__all__ = ["in_words", "written"]

MINUS = "\N{MINUS SIGN}"
_NUMBER_WORDS = (
    "none",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
)


def written(
    value: float,
    unit: str,
    kind: str = "",
    *,
    signed: bool = False,
    magnitude: bool = False,
    long: bool = False,
) -> str:
    """Return a value as readers see it.

    Parameters
    ----------
    value : float
        Already rounded by the disclosure gate; shares lie between 0 and 1.
    unit : str
        Unit of the result, e.g. "proportion" or "scale points (1-5)".
    kind : str
        Kind of the result; it implies the unit of a count, a proportion or a score.
    signed : bool
        Write a plus before a positive number (always so for a Net Promoter Score).
    magnitude : bool
        Leave the sign out, for "rose by" and "fell by".
    long : bool
        "47 percent", as in prose, instead of "47%".

    Returns
    -------
    str
        With a true minus sign and thousands set apart by commas.

    Raises
    ------
    RunError
        `value` is missing or infinite.
    """
    if not isfinite(value):
        raise RunError(f"a value of unit {unit!r} is missing, and missing values are not written.")
    is_share = unit == "proportion" or (kind == "proportion" and not unit)
    decimals = ROUNDING.get(unit, 2) if kind == "parameter" else decimals_of(kind, unit)
    if is_share:
        value, decimals = 100 * value, max(decimals - 2, 0)
    text = f"{abs(value):,.{decimals}f}"
    if kind == "parameter" and float(value).is_integer():
        text = f"{abs(value):,.0f}"  # eight weeks were set, not 8.0
    if not magnitude and any(digit in text for digit in "123456789"):
        if value < 0:
            text = MINUS + text
        elif signed or kind == "score":
            text = "+" + text
    if is_share and kind == "effect":
        text += " percentage points"
    elif is_share:
        text += " percent" if long else "%"
    return text


def in_words(value: float, unit: str, kind: str) -> str:
    """Return a count up to ten as a word; else "".

    A share is never "none" or "all": rounded to whole percents, it may stand for all but one.
    """
    if unit == "proportion" or kind == "proportion":
        return ""
    return _NUMBER_WORDS[int(value)] if value in range(len(_NUMBER_WORDS)) else ""
