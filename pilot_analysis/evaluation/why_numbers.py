"""The number behind each kind of why: a gap, a share that grew, a scale, a shadowed day."""

from collections.abc import Callable
from functools import cache, partial

import pandas as pd

from pilot_analysis.evaluation import then_now as say
from pilot_analysis.evaluation.then_now import ThenNow, Unmeasured
from pilot_analysis.evaluation.why_scores import (
    gap_numbers,
    gap_totals,
    growth_numbers,
    growth_totals,
)
from pilot_analysis.evaluation.why_voices import (
    scale_frame,
    scale_numbers,
    scale_unit,
    shadow_numbers,
)

__all__ = ["measure_why"]


def measure_why(pilot) -> Callable[[dict, Callable[[str], bool]], ThenNow]:
    """Return the function that measures a reason among some schools.

    Parameters
    ----------
    pilot : Pilot

    Returns
    -------
    callable
        (row of `whys`, school id -> whether it counts) -> ThenNow; raises `Unmeasured`. Tables
        are prepared once for all schools.
    """
    level = pilot.config.inference.conf_level
    gaps = cache(partial(gap_totals, pilot))
    growth = cache(partial(growth_totals, pilot))
    scores = cache(partial(scale_frame, pilot))

    def measure(reason, wanted: Callable[[str], bool]) -> ThenNow:
        kind, target = reason["kind"], reason["outcome_id"]
        if kind == "shadow":
            begin = pilot.config.pilot.begin
            begin = None if begin is None else pd.Timestamp(begin)
            return shadow_numbers(_only(pilot.table("shadow_days"), wanted), begin, level)
        if not target:
            raise Unmeasured(say.UNNAMED)
        if target in pilot.config.scales:
            return scale_numbers(_only(scores(target), wanted), scale_unit(pilot, target), level)
        outcome = _outcome(pilot, target)
        if kind in ("achievement_gap", "equity_gap"):
            totals = gaps(outcome, reason["group"], reason["reference_group"])
            return gap_numbers(_only(totals, wanted), level)
        if kind == "growth":
            return growth_numbers(_only(growth(outcome, reason["group"]), wanted), level)
        raise Unmeasured(say.UNKNOWN)

    return measure


def _only(frame: pd.DataFrame, wanted: Callable[[str], bool]) -> pd.DataFrame:
    schools = frame["school_id"]
    return frame[schools.isin([s for s in schools.unique() if wanted(s)])]


def _outcome(pilot, name: str) -> str:
    outcomes = pilot.config.outcomes
    if name in outcomes:
        return name
    same_test = [key for key, outcome in outcomes.items() if outcome.assessment == name]
    if not same_test:
        raise Unmeasured(say.UNKNOWN)
    return same_test[0]
