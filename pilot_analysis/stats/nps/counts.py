"""From answers on the 0-10 recommend item to detractors, passives and promoters."""

from collections.abc import Iterable
from dataclasses import astuple, dataclass

import numpy as np
import pandas as pd

from pilot_analysis.errors import DataError, DesignError

__all__ = ["NpsCounts", "count_nps"]

FIRST_PASSIVE, FIRST_PROMOTER, HIGHEST = 7, 9, 10


@dataclass(frozen=True, slots=True)
class NpsCounts:
    """How many respondents answered 0-6, 7-8 and 9-10 on the 0-10 recommend item."""

    detractors: int
    passives: int
    promoters: int

    def __post_init__(self):
        for name, value in zip(("detractors", "passives", "promoters"), astuple(self), strict=True):
            if isinstance(value, bool) or value != value or value < 0 or value != int(value):
                raise DesignError(f"{name} must be a whole number of people, not {value!r}.")
            object.__setattr__(self, name, int(value))

    @property
    def n(self) -> int:
        """Respondents who answered."""
        return self.detractors + self.passives + self.promoters

    def __add__(self, other: "NpsCounts") -> "NpsCounts":
        return NpsCounts(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))


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
    answers = pd.Series(list(scores), dtype=object)
    answers = answers[answers.notna()]
    for answer in answers:
        is_number = isinstance(answer, (int, float, np.integer, np.floating))
        if isinstance(answer, bool) or not is_number or not 0 <= answer <= HIGHEST or answer % 1:
            raise DataError(
                f"{answer!r} is not an answer to a 0-10 recommend item: only whole numbers from 0 "
                "to 10 are. Check on which scale the item was offered."
            )
    values = answers.to_numpy(dtype=float)
    promoters = int((values >= FIRST_PROMOTER).sum())
    detractors = int((values < FIRST_PASSIVE).sum())
    return NpsCounts(detractors, len(values) - promoters - detractors, promoters)
