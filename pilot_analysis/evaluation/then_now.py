"""A number at two times, and the sentences for what cannot be given."""

from dataclasses import dataclass
from math import nan

from pilot_analysis.stats.estimate import Estimate

__all__ = [
    "NOT_RECORDED",
    "NO_ANSWERS",
    "NO_GROUP",
    "NO_GROWTH",
    "NO_NOW",
    "NO_SCORES",
    "NO_SHADOW",
    "NO_THEN",
    "UNKNOWN",
    "UNNAMED",
    "ThenNow",
    "Unmeasured",
]

UNNAMED = "The reason names no outcome or survey scale, so it cannot be followed in numbers."
UNKNOWN = "What the reason speaks of was not measured."
NO_GROUP = "The reason names no group of students, so its gap cannot be given."
NOT_RECORDED = "Which students belong to the group was not recorded."
NO_SCORES = "There are no scores of both sides at the school, so its gap cannot be given."
NO_GROWTH = "Whether students met typical growth was not recorded."
NO_ANSWERS = "Nobody at the school answered the survey that the reason speaks of."
NO_SHADOW = "No student was shadowed, so the reason cannot be followed in numbers."
NO_THEN = "There is no number from before, so a change cannot be given."
NO_NOW = "There is no later number, so a change cannot be given."


class Unmeasured(Exception):  # noqa: N818 - no error: the message is printed in the brief
    """The number of a why cannot be given; the message is the sentence that says so."""


@dataclass(frozen=True, slots=True)
class ThenNow:
    """One number at two times.

    Attributes
    ----------
    kind, population : str
        As in `results`.
    then, now, change : Estimate or None
        `change` is now - then.
    n : int or None
        People whom the minimum n bounds, where it is not the estimates' own n: of a gap, those of
        its smaller side.
    gap_in_words : str
        Why one of the three is missing; blank if none is.
    """

    kind: str
    population: str
    then: Estimate | None
    now: Estimate | None
    change: Estimate | None = None
    n: int | None = None
    gap_in_words: str = ""

    def n_of(self, time: str) -> int:
        """Return the people behind "then", "now" or "change", where that number is given."""
        return getattr(self, time).n if self.n is None else self.n

    def smallest_n(self, time: str) -> float:
        """Return the people of the smaller group where the number is a difference; else NaN.

        A change is one too: of the same people, who are both groups, or of two samples.
        """
        is_difference = self.kind == "effect" or time == "change"
        return self.n_of(time) if is_difference else nan
