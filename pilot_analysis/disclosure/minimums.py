"""The usual minimums, and between which milder and stricter policies a choice must lie.

What it costs least to hide for one minimum need not be hidden for a stricter one. So that a
stricter minimum never shows what a milder one hides, choices are settled in an order: first for 10
students and 5 adults, at the least cost, then for the other usual minimums, then for those between
them. Each keeps what the milder ones settled before it hide, and hides nothing that the stricter
ones settled before it show.
"""

from bisect import bisect_left

from pilot_analysis.disclosure.policy import PEOPLE, DisclosurePolicy

__all__ = ["milder", "stricter"]

_USUAL = (5, 10, 15, 20, 30, 40, 60, 80, 120, 160, 240, 320, 480, 640, 800, 1000)
_FIRST = {"students": 10}
"""Population -> the usual minimum that is settled first; 5 of the others."""


def stricter(policy: DisclosurePolicy) -> DisclosurePolicy:
    """Return the policy within whose choice this one's lies; itself where there is none.

    Minimums of categories that are not usual are raised to the next usual one where the group's
    minimum n leaves room for it; where none can be, all minimums are.
    """
    raised = {key: _above(key, value) for key, value in policy.minimums.items()}
    categories = {key: value for key, value in raised.items() if key.startswith("minimum_category")}
    with_room = {}
    for key, value in categories.items():
        group = _group_of(key)
        raised[group] = max(raised[group], value)
        if policy[key] < value <= policy[group]:
            with_room[key] = value
    further = with_room or raised
    return policy if further == policy.minimums else policy.with_minimums(further)


def milder(policy: DisclosurePolicy) -> list[DisclosurePolicy]:
    """Return the milder policies whose choices this one's must keep.

    In one, each population's minimum n is the usual one before; where any is not usual, or a
    category's is not, these alone are lower, by one. In the other, the minimums of categories are
    the usual ones before. No category's minimum is above its group's.
    """
    least = policy.minimums
    categories = {key: value for key, value in least.items() if key.startswith("minimum_category")}
    unusual = {key for key, value in least.items() if value not in _usual(key)}
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
    if key.startswith("minimum_category"):
        return [least for least in (1, *_USUAL) if _is_kept(key, least)]
    return [*([] if _population(key) in (*PEOPLE, "records") else [1]), *_USUAL]


def _population(key: str) -> str:
    return key.partition(".")[2]


def _is_kept(key: str, value: int) -> bool:
    """Whether the choice for a usual minimum is settled before those for stricter ones."""
    return value == 1 or value >= _FIRST.get(_population(key), _USUAL[0])


def _above(key: str, value: int) -> int:
    """Return the minimum within whose choice that for `value` lies; itself if there is none."""
    usual = _usual(key)
    if value in usual and _is_kept(key, value):
        return value
    return usual[bisect_left(usual, value + 1)]


def _below(key: str, value: int) -> int:
    """Return the usual minimum before one, whose choice is kept; itself if there is none."""
    before = [least for least in _usual(key) if least < value and _is_kept(key, least)]
    return before[-1] if before else value
