"""The school's own why, and the very number that it was grounded in, then and now."""

from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd

from pilot_analysis.evaluation.absence import absent_for_schools
from pilot_analysis.evaluation.why_numbers import ThenNow, Unmeasured, measure_why
from pilot_analysis.results import Results, result, result_id

__all__ = ["why"]

CHOSEN = {
    "achievement_gap": "chosen because it was large",
    "equity_gap": "chosen because it was large",
    "growth": "chosen because it was low",
    "engagement": "chosen because it was low",
    "readiness": "chosen because it was low",
    "pain_point": "chosen because it was low",
    "shadow": "chosen because it was low",
}
"""Kind of why -> the selection that part of a change may come from (methods: selection)."""


def why(pilot) -> Results:
    """Return each school's reasons, and their numbers then and now, here and elsewhere.

    Parameters
    ----------
    pilot : Pilot

    Returns
    -------
    Results
        Section "why". A reason whose number cannot be given has a row `not_measured` that says
        why. Changes are over the same students; both come with intervals over classes.
    """
    schools = absent_for_schools("why", "whys", pilot.schools, pilot.table("whys")["school_id"])
    rows: list[dict[str, Any]] = list(schools)
    number = measure_why(pilot)
    reasons = pilot.table("whys").sort_values(["school_id", "why_id"])
    for reason in reasons.to_dict("records"):
        rows += _of_reason(_clean(reason), number)
    return Results.from_rows(rows)


def _clean(reason: dict[str, Any]) -> dict[str, Any]:
    texts = ("outcome_id", "group", "reference_group")
    return reason | {key: reason[key] if isinstance(reason[key], str) else "" for key in texts}


def _of_reason(reason, number: Callable) -> Iterator[dict[str, Any]]:
    keys = {
        "school_id": reason["school_id"],
        "category": reason["why_id"],
        "outcome": reason["outcome_id"],
        "group": reason["group"],
    }
    stated = "" if pd.isna(reason["stated_on"]) else reason["stated_on"].date().isoformat()
    statement = {"level": reason["kind"], "text": reason["statement"], "time": stated}
    yield result("why", "statement", "text", "none", **statement, **keys)
    try:
        own = number(reason, lambda school: school == reason["school_id"])
    except Unmeasured as unmeasured:
        yield result("why", "not_measured", "absence", "none", text=str(unmeasured), **keys)
        return
    yield from _grounded(own, "grounded_in", keys)
    yield from _change(own, CHOSEN[reason["kind"]], keys)
    try:
        others = number(reason, lambda school: school != reason["school_id"])
    except Unmeasured:
        return
    yield from _grounded(others, "grounded_in_others", keys)


def _change(own: ThenNow, chosen: str, keys) -> Iterator[dict[str, Any]]:
    if own.gap_in_words:
        yield result("why", "not_measured", "absence", "none", text=own.gap_in_words, **keys)
    if own.change is not None:
        then, now = (result_id("why", "grounded_in", time=t, **keys) for t in ("then", "now"))
        yield result(
            "why",
            "change",
            "effect",
            own.population,
            own.change,
            n=own.n,
            smallest_n=own.smallest_n("change"),
            flags=(chosen,),
            relation=(f"change from {then}", f"derived from {now}"),
            **keys,
        )


def _grounded(found: ThenNow, name: str, keys) -> Iterator[dict[str, Any]]:
    for time, value in (("then", found.then), ("now", found.now)):
        if value is not None:
            yield result(
                "why",
                name,
                found.kind,
                found.population,
                value,
                n=found.n_of(time),
                smallest_n=found.smallest_n(time),
                time=time,
                **keys,
            )
