"""From answers on the 0-10 recommend item to detractors, passives and promoters."""

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from math import nan
from numbers import Real

import numpy as np
import pandas as pd

from pilot_analysis.errors import DataError, DesignError

__all__ = [
    "UNIT",
    "NpsCounts",
    "as_counts",
    "categories",
    "check_scores",
    "count_nps",
    "is_people",
]

UNIT = "NPS points"

_MOST_PEOPLE = 10**9  # beyond it a count is a mistake, and its square loses digits
FIRST_PASSIVE, FIRST_PROMOTER, HIGHEST = 7, 9, 10


@dataclass(frozen=True, slots=True)
class NpsCounts:
    """How many respondents answered 0-6, 7-8 and 9-10 on the 0-10 recommend item."""

    detractors: int
    passives: int
    promoters: int

    def __post_init__(self):
        for name, value in zip(("detractors", "passives", "promoters"), astuple(self), strict=True):
            if not is_people(value):
                raise DesignError(f"{name} must be a whole number of people, not {value!r}.")
            object.__setattr__(self, name, int(value))

    @property
    def n(self) -> int:
        """Respondents who answered."""
        return self.detractors + self.passives + self.promoters

    @property
    def score(self) -> float:
        """Net Promoter Score in points, -100 to 100; NaN without respondents."""
        return 100 * (self.promoters - self.detractors) / self.n if self.n else nan

    def __add__(self, other: "NpsCounts") -> "NpsCounts":
        return NpsCounts(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))


def is_people(value) -> bool:
    """Whether `value` is a whole number of people, 0 to a billion."""
    return (
        isinstance(value, Real)
        and not isinstance(value, bool)
        and 0 <= value <= _MOST_PEOPLE
        and value % 1 == 0
    )


def as_counts(counts: NpsCounts | Sequence[int]) -> NpsCounts:
    """Return `counts` if they are `NpsCounts`, else make them of detractors, passives, promoters.

    Raises
    ------
    DesignError
        Not three numbers, or one that is not a whole number of people.
    """
    if isinstance(counts, NpsCounts):
        return counts
    numbers = tuple(counts) if np.iterable(counts) else (counts,)
    if len(numbers) != 3:
        raise DesignError(
            f"Counts are three numbers, detractors, passives and promoters; got {len(numbers)}. "
            "Answers from 0 to 10 are counted by count_nps."
        )
    return NpsCounts(*numbers)


def count_nps(scores: Iterable[float]) -> NpsCounts:
    """Sort answers to the 0-10 recommend item into detractors, passives and promoters.

    Parameters
    ----------
    scores : array_like, shape (n,)
        Whole numbers 0-10, one per respondent. Missing answers are left out.

    Returns
    -------
    NpsCounts

    Raises
    ------
    DataError
        An answer that is not a whole number from 0 to 10; the message names it. Nothing is
        rounded or clipped: an 11 or a 7.5 means that the item was not asked on 0-10.
    """
    answers = check_scores(scores)
    sorted_in = categories(answers[~np.isnan(answers)])
    return NpsCounts(*(int((sorted_in == category).sum()) for category in (-1, 0, 1)))


def check_scores(scores: Iterable[float]) -> np.ndarray:
    """Return answers as numbers, shape (n,), missing ones as NaN.

    Raises
    ------
    DataError
        As in `count_nps`.
    """
    if isinstance(scores, str) or not np.iterable(scores):
        raise DataError(f"Answers must be a list of numbers from 0 to 10, not {scores!r}.")
    answers = pd.Series(list(scores), dtype=object)
    known = answers.notna()
    for answer in answers[known]:
        is_number = isinstance(answer, (int, float, np.integer, np.floating))
        if isinstance(answer, bool) or not is_number or not 0 <= answer <= HIGHEST or answer % 1:
            raise DataError(
                f"{answer!r} is not an answer to a 0-10 recommend item: only whole numbers from 0 "
                "to 10 are. Check on which scale the item was offered."
            )
    return answers.where(known, np.nan).to_numpy(dtype=float)


def categories(answers: np.ndarray) -> np.ndarray:
    """Return 1 for promoters, 0 for passives and -1 for detractors; no answer may be missing."""
    return np.where(answers >= FIRST_PROMOTER, 1, np.where(answers < FIRST_PASSIVE, -1, 0))
