"""Rows of the section on learning, with what they have in common."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from pilot_analysis.evaluation.comparison import Comparison
from pilot_analysis.evaluation.learning_models import ComparisonModels
from pilot_analysis.results import result, result_id
from pilot_analysis.stats.estimate import Estimate

__all__ = ["NOT_ESTIMABLE", "OutcomeRows", "Row", "absent"]

Row = dict[str, Any]
NOT_ESTIMABLE = {
    "not_estimable": "The difference could not be estimated from these data.",
    "no_check": "The check by a second method could not be made.",
    "no_school_effects": "What the difference was at each school cannot be given.",
    "no_effect_sd": "The difference could not be given in standard deviations.",
    "no_baseline": "How alike the groups were at the start could not be estimated.",
    "no_mdes": "How large a difference this comparison could have found cannot be said.",
}
"""Name of an absence -> what a reader is told."""


def absent(outcome: str, arm: str, reason, what: str = "not_estimable") -> Row:
    """Say in plain words what is missing; the reason in the model's words goes to the flags."""
    return result(
        "learning", what, "absence", "none", outcome=outcome, category=arm,
        text=NOT_ESTIMABLE[what], flags=(str(reason),),
    )  # fmt: skip


class OutcomeRows:
    """Makes the rows about one outcome; holds its comparison and models."""

    def __init__(self, pilot, comparison: Comparison):
        config = pilot.config
        self.comparison = comparison
        self.exploratory = config.outcomes[comparison.outcome].role == "exploratory"
        self.models = ComparisonModels(comparison, config.design, config.inference)

    def row(self, name, kind, population, value=None, **details) -> Row:
        """Return a row of the outcome; keywords as in `results.result`."""
        outcome = self.comparison.outcome
        details["exploratory"] = self.exploratory and kind == "effect"
        return result("learning", name, kind, population, value, outcome=outcome, **details)

    def effect(self, name, arm, value: Estimate, among=None, **details) -> Row:
        """Return a row about the difference of an arm, `among` some of the students."""
        frame = self.comparison.frame if among is None else among
        if school := details.get("school_id"):
            frame = frame[frame["school_id"].eq(school)]
        sides = [int(frame["arm"].eq(side).sum()) for side in (arm, self.comparison.reference)]
        return self.row(
            name, "effect", "students", value, category=arm, smallest_n=min(sides), **details
        )

    def id_of(self, name, **keys) -> str:
        """Return the id of another row of the outcome."""
        return result_id("learning", name, outcome=self.comparison.outcome, **keys)

    def undefined(self, arm: str, reason, frame: pd.DataFrame) -> Estimate:
        """Return an effect without a number; the reason stands in its flags."""
        return Estimate.undefined(
            arm, str(reason), n=len(frame), n_clusters=frame["unit_id"].nunique(), unit="points",
            method="mixed", conf_level=self.models.inference.conf_level,
        )  # fmt: skip

    def not_estimable(self, arm: str, reason) -> Iterator[Row]:
        """Yield the undefined effect of an arm, and the sentence that says so."""
        yield self.effect("effect", arm, self.undefined(arm, reason, self.comparison.frame))
        yield absent(self.comparison.outcome, arm, reason)
