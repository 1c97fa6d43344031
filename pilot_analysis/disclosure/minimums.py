"""The usual minimums, and between which milder and stricter policies a choice must lie.

What it costs least to hide for one minimum need not be hidden for a stricter one. So that a
stricter minimum never shows what a milder one hides, every choice keeps those of some milder
policies, and for an unusual minimum lies within the choice for the next usual one. The usual ones
are settled first and so cost least: 10 students or 5 adults, and their doubles.
"""

from bisect import bisect_left

from pilot_analysis.disclosure.policy import PEOPLE, DisclosurePolicy

__all__ = ["milder", "stricter"]

_FIRST = {"students": 10}
"""Population -> the least usual minimum; 5 of the others."""
_DOUBLES = 6
_MOST = 1000


def stricter(policy: DisclosurePolicy) -> DisclosurePolicy:
    """Return the policy within whose choice this one's lies; itself where its minimums are usual.

    Unusual minimums of categories are raised to the next usual one where the group's minimum n
    leaves room for it; where none can be, all minimums are.
    """
    next_ones = {key: _at_least(key, value) for key, value in policy.minimums.items()}
    categories = {
        key: value
        for key, value in next_ones.items()
        if key.startswith("minimum_category") and policy[key] < value <= policy[_group_of(key)]
    }
    raised = categories or next_ones
    return policy.with_minimums(raised) if raised != policy.minimums else policy


def milder(policy: DisclosurePolicy) -> list[DisclosurePolicy]:
    """Return the milder policies whose choices this one's must keep.

    In one, each population's minimum n is one usual minimum lower; where any is unusual, or a
    category's is, these alone are lower, by one. In the other, the minimums of categories are one
    usual minimum lower. No category's minimum is above its group's.
    """
    least = policy.minimums
    categories = {key: value for key, value in least.items() if key.startswith("minimum_category")}
    unusual = {key for key, value in least.items() if value != _at_least(key, value)}
    unusual |= {_group_of(key) for key in unusual}
    groups = {
        key: max(value - 1, 1) if key in unusual else value if unusual else _below(key, value)
        for key, value in least.items()
        if key not in categories
    }
    smaller = {key: min(value, groups[_group_of(key)]) for key, value in categories.items()}
    fewer = {key: _below(key, value) for key, value in categories.items()}
    found = [groups | smaller, least | fewer]
    return [policy.with_minimums(lower) for lower in found if lower != least]


def _group_of(key: str) -> str:
    """Return the key of the minimum n of the same population."""
    return key.replace("minimum_category", "minimum_n")


def _usual(key: str) -> list[int]:
    """Return the usual minimums under one key, in order; 1 is one where it hides nobody."""
    population = key.partition(".")[2]
    first = _FIRST.get(population, 5)
    may_be_all = key.startswith("minimum_category") or population not in (*PEOPLE, "records")
    return [*([1] if may_be_all else []), *(first * 2**i for i in range(_DOUBLES)), _MOST]


def _at_least(key: str, value: int) -> int:
    usual = _usual(key)
    return usual[bisect_left(usual, value)]


def _below(key: str, value: int) -> int:
    """Return the next lower usual minimum; the value itself if there is none."""
    usual = _usual(key)
    at = bisect_left(usual, value)
    return usual[at - 1] if at else value
