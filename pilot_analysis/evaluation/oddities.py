"""Data that pass every check and still look odd: found and counted, never changed."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from pilot_analysis.evaluation.oddity_kinds import ODDITY_KINDS, OddityKind
from pilot_analysis.evaluation.rosters import arm_members
from pilot_analysis.evaluation.survey_oddities import answered_twice, not_assigned, same_answers
from pilot_analysis.ingest.readers.tests import OUTSIDE_WINDOWS
from pilot_analysis.ingest.reconcile import ANOTHER_IS_USED, SAME_ROW

__all__ = ["Oddity", "find_oddities"]

_WEEKS_OF_A_MONTH = 365.25 / 12 / 7
_MAD_TO_SD = 1.4826
_REPEATS = (SAME_ROW, ANOTHER_IS_USED, "not the test that")
Found = tuple[pd.DataFrame, int] | None


@dataclass(frozen=True, slots=True)
class Oddity:
    """What was found of one kind.

    Attributes
    ----------
    kind : OddityKind
    rows : int
        Rows of its table that are odd.
    cases : pandas.DataFrame
        One row each: person_id, school_id, about (test and window, product and day), value.
        Without rows where the people are not known any more.
    n : int
        People looked at; for kinds about records, rows that were read.
    """

    kind: OddityKind
    rows: int
    cases: pd.DataFrame
    n: int

    @property
    def n_people(self) -> int:
        """Distinct people concerned."""
        return self.cases["person_id"].nunique()


def find_oddities(pilot) -> dict[str, Oddity | None]:
    """Look for every kind of oddity.

    Parameters
    ----------
    pilot : Pilot

    Returns
    -------
    dict of str to (Oddity or None)
        By the name of the kind, in the order of `ODDITY_KINDS`; None: what it takes to look for
        it was not collected.
    """
    found: dict[str, Oddity | None] = {}
    for name, kind in ODDITY_KINDS.items():
        if kind.population == "records":
            found[name] = _of_the_ledger(pilot, kind)
            continue
        looked = _LOOK[name](pilot) if pilot.has(kind.table) else None
        if looked is None or not looked[1]:
            found[name] = None
        else:
            cases, n = looked
            found[name] = Oddity(kind, len(cases), cases.reset_index(drop=True), n)
    return found


def _of_the_ledger(pilot, kind: OddityKind) -> Oddity | None:
    """Count what reading has set aside already."""
    ledger = pilot.ledger[pilot.ledger["table"].eq(kind.table) & pilot.ledger["unit"].eq("rows")]
    read = int(ledger.loc[ledger["step"].eq("read"), "rows"].sum())
    sources = pilot.config.sources.get(kind.table, ())
    if kind.name == "outside_windows" and not any(source.windows for source in sources):
        return None
    reasons = OUTSIDE_WINDOWS if kind.name == "outside_windows" else _REPEATS
    aside = ledger[ledger["step"].eq("set aside") & ledger["reason"].str.startswith(reasons)]
    nobody = pd.DataFrame(columns=["person_id", "school_id", "about", "value"])
    return Oddity(kind, int(aside["rows"].sum()), nobody, read) if read else None


def _cases(pilot, rows: pd.DataFrame, about: pd.Series, value: pd.Series) -> pd.DataFrame:
    """Return odd rows about students, with the school of the roster; all have the same index."""
    schools = pilot.table("students").set_index("student_id")["school_id"]
    return pd.DataFrame(
        {
            "person_id": rows["student_id"],
            "school_id": schools.reindex(rows["student_id"]).fillna("").to_numpy(),
            "about": about,
            "value": value.astype(float),
        }
    )


def _about_tests(tests: pd.DataFrame) -> pd.Series:
    return tests["outcome_id"] + ", " + tests["window"]


def _about_use(usage: pd.DataFrame) -> pd.Series:
    days = usage["period_start"].dt.strftime("%Y-%m-%d")
    return usage["product_id"] + ", " + usage["period"] + " of " + days


def _far_scores(pilot) -> Found:
    tests = pilot.table("assessments")
    tests = tests[tests["score"].notna()]
    groups = tests.groupby(["outcome_id", "window"])["score"]
    distance = (tests["score"] - groups.transform("median")).abs()
    spread = distance.groupby([tests["outcome_id"], tests["window"]]).transform("median")
    limit = ODDITY_KINDS["far_scores"].limit * _MAD_TO_SD * spread
    odd = tests[(distance > limit) & (spread > 0)]  # no spread: half of the scores are the same
    return _cases(pilot, odd, _about_tests(odd), odd["score"]), tests["student_id"].nunique()


def _percentiles(pilot) -> Found:
    tests = pilot.table("assessments")
    tests = tests[tests["percentile"].notna()]
    odd = tests[~tests["percentile"].between(1, 99)]
    return _cases(pilot, odd, _about_tests(odd), odd["percentile"]), tests["student_id"].nunique()


def _test_order(pilot) -> Found:
    tests = pilot.table("assessments")
    tests = tests[tests["taken_on"].notna()]
    parts, people = [], set()
    for name, outcome in pilot.config.outcomes.items():
        own = tests[tests["outcome_id"].eq(outcome.assessment)]
        before = own.loc[own["window"].eq(outcome.pre_window), ["student_id", "taken_on"]]
        after = own.loc[own["window"].eq(outcome.post_window), ["student_id", "taken_on"]]
        both = after.merge(before, on="student_id", suffixes=("", "_before"))
        people |= set(both["student_id"])
        days = (both["taken_on"] - both["taken_on_before"]).dt.days
        odd = both[days <= 0].assign(outcome=name)
        parts.append(_cases(pilot, odd, odd["outcome"], days[odd.index]))
    return (pd.concat(parts), len(people)) if parts else None


def _long_weeks(pilot) -> Found:
    usage = pilot.table("usage")
    usage = usage[usage["minutes"].notna()]
    weeks = usage["period"].eq("month").map({True: _WEEKS_OF_A_MONTH, False: 1.0})
    hours = usage["minutes"] / 60
    odd = usage[hours / weeks > ODDITY_KINDS["long_weeks"].limit]
    return _cases(pilot, odd, _about_use(odd), hours[odd.index]), usage["student_id"].nunique()


def _used(usage: pd.DataFrame) -> pd.Series:
    return (usage["minutes"].fillna(0) > 0) | usage["sessions"].gt(0).fillna(False).astype(bool)


def _no_minutes(pilot) -> Found:
    usage = pilot.table("usage")
    counts = usage[["sessions", "lessons_attempted", "lessons_passed"]].fillna(0).max(axis=1)
    usage = usage[usage["minutes"].notna() | (counts > 0)]
    odd = usage[(usage["minutes"].fillna(0) <= 0) & (counts[usage.index] > 0)]
    return _cases(pilot, odd, _about_use(odd), counts[odd.index]), usage["student_id"].nunique()


def _no_license(pilot) -> Found:
    if not pilot.has("licenses"):
        return None
    usage = pilot.table("usage")
    usage = usage[_used(usage)]
    key = ["student_id", "product_id"]
    held = pd.MultiIndex.from_frame(pilot.table("licenses")[key])
    odd = usage[~pd.MultiIndex.from_frame(usage[key]).isin(held)]
    return _cases(pilot, odd, _about_use(odd), odd["minutes"]), usage["student_id"].nunique()


def _comparison_use(pilot) -> Found:
    design, usage = pilot.config.design, pilot.table("usage")
    if design.comparison == "none" or not pilot.has("assignments"):
        return None
    members = pd.concat([arm_members(pilot, outcome) for outcome in pilot.config.outcomes])
    treated = members.loc[members["arm"] != design.reference, "student_id"]
    reference = set(members["student_id"]) - set(treated)
    odd = usage[_used(usage) & usage["student_id"].isin(reference)]
    return _cases(pilot, odd, _about_use(odd), odd["minutes"]), len(reference)


_LOOK: dict[str, Callable[..., Found]] = {
    "far_scores": _far_scores,
    "percentiles": _percentiles,
    "test_order": _test_order,
    "long_weeks": _long_weeks,
    "no_minutes": _no_minutes,
    "no_license": _no_license,
    "comparison_use": _comparison_use,
    "not_assigned": not_assigned,
    "same_answers": same_answers,
    "answered_twice": answered_twice,
}
