"""What was read, what was set aside and why, whom each instrument reaches, and what looks odd."""

from collections.abc import Iterator
from typing import Any

from pilot_analysis.evaluation.conditions import tested_students
from pilot_analysis.evaluation.not_tested import REASONS, not_tested
from pilot_analysis.evaluation.oddities import find_oddities
from pilot_analysis.evaluation.oddity_kinds import ODDITY_KINDS
from pilot_analysis.evaluation.quality_coverage import coverage_rows
from pilot_analysis.evaluation.quality_ledger import joined, ledger
from pilot_analysis.results import Results, result, result_id

__all__ = ["quality"]

Row = dict[str, Any]
_MISSING_FROM = dict(
    zip(REASONS, (("pre",), ("post",), ("pre",), ("post",), ("pre", "post")), strict=True)
)
"""Reason -> the tests of "conditions.flow" that those students are missing from."""


def quality(pilot) -> Results:
    """Return what a person should know of the data before believing a brief.

    Parameters
    ----------
    pilot : Pilot

    Returns
    -------
    Results
        Section "quality": the ledger ("files", "total", "rows", "made_from", "set_aside"), the
        joins ("joined"), "coverage", students without a test by reason ("not_tested"), and
        oddities ("oddity", "oddity_rows", "limit", "kinds").
    """
    parts = [ledger(pilot), joined(pilot), coverage_rows(pilot), _losses(pilot), _oddities(pilot)]
    return Results.from_rows(row for part in parts for row in part)


def _losses(pilot) -> Iterator[Row]:
    """Yield students without a test by group and reason; with "conditions.flow" they are all.

    Of all schools together: a school's own are a few people, whom `pilot check` lists for those
    who hold the data.
    """
    for outcome in pilot.config.outcomes:
        people = tested_students(pilot, outcome)
        counts = not_tested(pilot, outcome).groupby(["arm", "reason"]).size()
        for arm, n in people.groupby("arm").size().items():
            keys = {"outcome": outcome, "group": arm}
            flow = {
                stage: f"derived from {result_id('conditions', 'flow', category=stage, **keys)}"
                for stage in ("pre", "post", "both")
                if stage in people
            }
            own = {reason: result_id("quality", "not_tested", category=reason, **keys)
                   for reason in REASONS}  # fmt: skip
            for reason, stages in _MISSING_FROM.items():
                relation = [flow[stage] for stage in (*stages, "both") if stage in flow]
                # With the flow, which is shown, the others of them give it.
                relation += [f"derived from {own[other]}" for other in REASONS if other != reason]
                yield result(
                    "quality", "not_tested", "count", "students", counts.get((arm, reason), 0),
                    n=int(n), category=reason, relation=relation, **keys,
                )  # fmt: skip


def _oddities(pilot) -> Iterator[Row]:
    found = find_oddities(pilot)
    looked = {name: oddity for name, oddity in found.items() if oddity is not None}
    n_odd = sum(oddity.rows > 0 for oddity in looked.values())
    yield result("quality", "kinds", "count", "records", len(looked), n=len(ODDITY_KINDS),
                 time="looked for")  # fmt: skip
    people = tuple(
        f"derived from {result_id('quality', 'oddity', category=name)}"
        for name, oddity in looked.items()
        if oddity.kind.population != "records"
    )  # less the kinds that are shown, it says whether nobody or a few hide behind the others
    yield result("quality", "kinds", "count", "records", n_odd, n=len(ODDITY_KINDS), time="found",
                 relation=people)  # fmt: skip
    for name, kind in ODDITY_KINDS.items():
        if kind.limit is not None:
            yield result("quality", "limit", "parameter", "none", kind.limit, unit=kind.unit,
                         category=name)  # fmt: skip
        if name not in looked:
            yield result("quality", "not_looked_for", "absence", "none", category=name,
                         text="What it takes to look for this was not collected.")  # fmt: skip
            continue
        oddity, about = looked[name], ()
        if kind.population != "records":
            schools = oddity.cases["school_id"].nunique()
            yield result("quality", "oddity", "count", kind.population, oddity.n_people,
                         n=oddity.n, n_clusters=schools, category=name)  # fmt: skip
            about = (f"derived from {result_id('quality', 'oddity', category=name)}",)
        yield result("quality", "oddity_rows", "count", "records", oddity.rows,
                     n=max(oddity.n, oddity.rows), category=name, relation=about)  # fmt: skip
