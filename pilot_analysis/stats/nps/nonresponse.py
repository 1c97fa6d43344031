"""What a Net Promoter Score could have been if everyone who was asked had answered."""

from collections.abc import Sequence
from dataclasses import dataclass

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.nps.counts import NpsCounts, as_counts, is_people

__all__ = ["NpsBounds", "nps_bounds"]


@dataclass(frozen=True, slots=True)
class NpsBounds:
    """The scores between which that of all who were invited must lie.

    Attributes
    ----------
    worst, best : float
        In points: everyone who was silent is a detractor, or a promoter.
    responded, invited : int
        People.
    """

    worst: float
    best: float
    responded: int
    invited: int


def nps_bounds(counts: NpsCounts | Sequence[int], invited: int) -> NpsBounds:
    """Bound the score of all who were invited, whatever the silent think.

    These are no interval: they hold without any assumption about who answers, and chance has no
    part in them. They are 200 points times the share that was silent apart.

    Parameters
    ----------
    counts : NpsCounts, or detractors, passives, promoters
        Of those who answered; nobody may have.
    invited : int
        People who were asked, 1 or more.

    Returns
    -------
    NpsBounds

    Raises
    ------
    DesignError
        `invited` is not a whole number above 0, or fewer than answered.

    References
    ----------
    Manski (1990), American Economic Review 80: 319-323.
    """
    counts = as_counts(counts)
    if not (is_people(invited) and invited >= 1):
        raise DesignError(f"invited must be a whole number of people above 0, not {invited!r}.")
    if invited < counts.n:
        raise DesignError(
            f"{counts.n} people answered, which is more than the {invited} who were invited. "
            "Check who was asked, or count each person once."
        )
    net, silent = counts.promoters - counts.detractors, invited - counts.n
    worst, best = (100 * (net + way * silent) / invited for way in (-1, 1))
    return NpsBounds(worst, best, counts.n, int(invited))
