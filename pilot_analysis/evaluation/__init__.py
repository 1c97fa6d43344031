"""What the five principles and the why ask: `Pilot` -> `Results`, one module per section."""

from pilot_analysis.evaluation import (
    alignment,
    conditions,
    learning,
    member_checks,
    parameters,
    quality,
    recommendation,
    scorecard,
    support,
    teachers,
    usage,
    why,
)
from pilot_analysis.results import Results

__all__ = ["evaluate"]


def evaluate(pilot) -> Results:
    """Evaluate a pilot: every section that its data allow, for every school and the network.

    Parameters
    ----------
    pilot : Pilot

    Returns
    -------
    Results
        Unprotected: hand them to `disclosure.protect` before anything is shown. An instrument
        that was not collected has a row that says so.
    """
    sections = Results.concat(
        section(pilot)
        for section in (
            parameters.parameters,
            why.why,
            conditions.conditions,
            alignment.alignment,
            support.support,
            usage.usage,
            teachers.teachers,
            recommendation.recommendation,
            learning.learning,
            member_checks.member_checks,
            quality.quality,
        )
    )
    return Results.concat([sections, scorecard.scorecard(pilot, sections)])
