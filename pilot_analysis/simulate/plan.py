"""The schools of the simulated pilot: who uses what, how much, and what they make of it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pandas as pd

from pilot_analysis.errors import DesignError
from pilot_analysis.simulate.truth import COMPARISON

__all__ = ["School", "Team", "classes_of_teams", "plan_schools"]


@dataclass(frozen=True, slots=True)
class Team:
    """The teachers of one school who use one product."""

    product: str
    classes: int
    minutes: float
    """minutes of a typical student in a week with the product"""
    liking: float
    """what the team thinks of the product; 0 is neutral, 1 is warm"""
    decision: str
    decided_on: str
    too_few_in: str = ""
    """wave of the survey with fewer than five answers"""
    seen_higher: float = 0.0
    """how much better (or worse) observers rate engagement than the teachers (scale points)"""


@dataclass(frozen=True, slots=True)
class School:
    """One school of the simulated pilot."""

    name: str
    comparison: int
    teams: tuple[Team, ...]
    english_learners: float
    """share of the students"""
    invited: int
    """teachers who were asked to take part"""
    principal_support: float | None = 3.0
    point_person: bool = True
    slow_support: bool = False
    """whether help came late in winter"""
    closed_once: bool = False
    """whether it was closed for a week of its own"""
    missing: frozenset[str] = frozenset()
    """what the school did not collect"""
    id: str = ""
    story: int = 0
    """which of the ten kinds of school it is, and so which story it tells"""

    @property
    def class_arms(self) -> list[str]:
        """Arm of each class, in the order of the class ids."""
        arms = [team.product for team in self.teams for _ in range(team.classes)]
        return arms + [COMPARISON] * self.comparison


# fmt: off
_STORIES = (
    School("Harbor Street School", 3, (
        Team("readwell", 6, 36, 1.0, "continue", "2026-06-03"),),
        0.035, 11, 4.0),
    School("Lantern Hill School", 2, (
        Team("readwell", 6, 41, -0.75, "continue", "2026-06-10"),),
        0.38, 9, 3.0, missing=frozenset({"professional_development"})),
    School("Wharfside School", 3, (
        Team("readwell", 7, 30, 0.5, "continue", "2026-06-04", seen_higher=-0.9),),
        0.27, 10, 3.5, slow_support=True),
    School("Quarry Bend School", 2, (
        Team("readwell", 6, 20, -0.3, "change", "2026-06-09", too_few_in="winter"),),
        0.22, 12, None, missing=frozenset({"observations"})),
    School("Saltbox Lane School", 3, (
        Team("readwell", 6, 30, 0.7, "continue", "2026-06-02"),
        Team("numera", 5, 27, 0.4, "continue", "2026-06-02")),
        0.31, 15, 3.5),
    School("Copper Kettle School", 3, (
        Team("readwell", 5, 24, 0.1, "undecided", "2026-06-12"),
        Team("numera", 6, 34, 0.8, "continue", "2026-06-05")),
        0.34, 16, 2.5, point_person=False),
    School("Granite Steps School", 3, (
        Team("numera", 6, 21, 0.05, "stop", "2026-06-08"),),
        0.25, 12, 2.0, slow_support=True),
    School("Millrace School", 3, (
        Team("numera", 7, 31, 0.6, "continue", "2026-06-03", seen_higher=0.8),),
        0.29, 10, 3.0, missing=frozenset({"fall survey", "member_checks"})),
    School("Foghorn Point School", 2, (
        Team("numera", 6, 11, 1.1, "continue", "2026-06-11"),),
        0.03, 8, 4.0, closed_once=True, missing=frozenset({"observations", "winter test"})),
    School("Tern Island School", 3, (
        Team("numera", 7, 27, 0.3, "continue", "2026-06-05"),),
        0.26, 11, 3.0, slow_support=True, missing=frozenset({"goals"})),
)
_FIRST = (
    "Amberjack", "Barley", "Candle", "Dory", "Ember", "Fiddler", "Gannet", "Halyard", "Ingot",
    "Kettle", "Loom", "Mackerel", "Nettle", "Oakum", "Pewter", "Quill", "Rigger", "Sextant",
    "Thimble", "Whelk",
)
_SECOND = (
    "Bend", "Corner", "Dock", "Gate", "Hollow", "Knoll", "Landing", "Loft", "Passage", "Reach",
    "Slip", "Steps", "Terrace", "Walk", "Yard",
)
_KIND = ("School", "Lower School", "Upper School", "Annex School", "Garden School", "Court School")
# fmt: on


def plan_schools(n_schools: int) -> tuple[School, ...]:
    """Return the schools of a pilot of `n_schools`: the ten stories, told again in turn.

    Raises
    ------
    DesignError
        Fewer than one school, or more than there are names for.
    """
    most = len(_STORIES) + len(_FIRST) * len(_SECOND) * len(_KIND)
    if not 1 <= n_schools <= most:
        raise DesignError(f"n_schools must lie between 1 and {most}; got {n_schools}.")
    width = max(2, len(str(n_schools)))
    return tuple(
        replace(
            _STORIES[i % len(_STORIES)],
            id=f"S{i + 1:0{width}d}",
            name=_name(i),
            story=i % len(_STORIES),
        )
        for i in range(n_schools)
    )


def _name(i: int) -> str:
    if i < len(_STORIES):
        return _STORIES[i].name
    number, second = divmod(i - len(_STORIES), len(_SECOND))
    number, first = divmod(number, len(_FIRST))
    return f"{_FIRST[first]} {_SECOND[second]} {_KIND[number]}"


def classes_of_teams(
    schools: tuple[School, ...], roster: pd.DataFrame
) -> Iterator[tuple[School, Team, pd.DataFrame]]:
    """Yield (school, team, the team's rows of the roster)."""
    groups = dict(iter(roster.groupby(["school_id", "arm"])))
    for school in schools:
        for team in school.teams:
            yield school, team, groups[school.id, team.product]
