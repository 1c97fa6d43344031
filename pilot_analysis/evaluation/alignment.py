"""How well the product serves the goal that the school chose, and whether that was measured."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from pilot_analysis.evaluation.absence import absent_for_schools, not_collected
from pilot_analysis.evaluation.conditions import flags_of_role
from pilot_analysis.evaluation.rosters import school_products
from pilot_analysis.results import Results, result, result_id
from pilot_analysis.stats.cluster.mean import cluster_mean

__all__ = ["alignment"]

UNIT = "scale points (1-4)"
NO_PRODUCTS = "No product was tried, so there is none to compare with a goal."
NO_RATING = "How well the product serves the goal was not rated."


def alignment(pilot) -> Results:
    """Return each school's goals, the product's objective, and how the two fit.

    Parameters
    ----------
    pilot : Pilot

    Returns
    -------
    Results
        Section "alignment". A rating is that of one rater, and thus a level and a role held by one
        person; the network's mean is over schools, of the ratings of their goals.
    """
    rows = [*_goals(pilot), *_objectives(pilot), *_ratings(pilot), *_outcome_matches(pilot)]
    return Results.from_rows(rows)


def _text(value) -> str:
    return value if isinstance(value, str) else ""


def _goals(pilot) -> Iterator[dict[str, Any]]:
    goals = pilot.table("goals").sort_values(["school_id", "priority", "goal_id"])
    yield from absent_for_schools("alignment", "goals", pilot.schools, goals["school_id"])
    for goal in goals.itertuples():
        yield result(
            "alignment",
            "goal",
            "text",
            "none",
            school_id=goal.school_id,
            category=goal.goal_id,
            product_id=_text(goal.product_id),
            outcome=_text(goal.outcome_id),
            level="" if pd.isna(goal.priority) else str(goal.priority),
            text=_text(goal.objective),
        )


def _objectives(pilot) -> Iterator[dict[str, Any]]:
    if not pilot.products:
        yield not_collected("alignment", "products", sentence=NO_PRODUCTS)
    for product in pilot.table("products").sort_values("product_id").itertuples():
        if _text(product.objective):
            yield result(
                "alignment",
                "objective",
                "text",
                "none",
                text=product.objective,
                product_id=product.product_id,
            )
        else:
            yield not_collected("alignment", "products", product_id=product.product_id)


def _ratings(pilot) -> Iterator[dict[str, Any]]:
    goals = pilot.table("goals")
    rated = goals[goals["alignment"].notna() & goals["product_id"].notna()]
    if len(goals) and rated.empty:
        yield not_collected("alignment", "alignment", sentence=NO_RATING)
    for goal in rated.sort_values(["school_id", "product_id", "goal_id"]).itertuples():
        yield result(
            "alignment",
            "rating",
            "level",
            "respondents",
            goal.alignment,
            n=1,
            unit=UNIT,
            level=f"{goal.alignment:g}",
            school_id=goal.school_id,
            product_id=goal.product_id,
            category=goal.goal_id,
            flags=flags_of_role(pilot, goal.school_id),
        )
    schools = rated.groupby(["product_id", "school_id"], as_index=False)["alignment"].mean()
    for product, part in schools.groupby("product_id"):
        value = cluster_mean(
            part["alignment"],
            name="rating",
            unit=UNIT,
            conf_level=pilot.config.inference.conf_level,
        )
        yield result("alignment", "rating", "mean", "respondents", value, product_id=product)


def _outcome_matches(pilot) -> Iterator[dict[str, Any]]:
    """Yield whether the pilot measured what the first goal of a product calls for."""
    goals = pilot.table("goals").sort_values(["school_id", "priority", "goal_id"])
    measured = _measured_outcomes(pilot)
    by_school = dict(iter(goals.groupby("school_id")))
    for school, product in school_products(pilot).itertuples(index=False):
        if school not in by_school:
            continue
        own = by_school[school]
        served = own[own["product_id"].eq(product).fillna(False).astype(bool)]
        first = (served if len(served) else own).iloc[0]
        outcome = _text(first["outcome_id"])
        level = "yes" if (school, outcome) in measured else "no"
        goal = result_id(
            "alignment",
            "goal",
            school_id=school,
            category=first["goal_id"],
            product_id=_text(first["product_id"]),
            outcome=outcome,
        )
        yield result(
            "alignment",
            "outcome_matches",
            "level",
            "none",
            school_id=school,
            product_id=product,
            level=level if outcome else "no outcome named",
            relation=(f"derived from {goal}",),
        )


def _measured_outcomes(pilot) -> set[tuple[str, str]]:
    """Pairs of school and outcome (its name, or that of its test) that were measured."""
    tests = pilot.table("assessments")
    tests = tests[tests["score"].notna()]
    schools = pilot.table("students").set_index("student_id")["school_id"]
    tested = tests.assign(school_id=tests["student_id"].map(schools))
    found = set()
    for name, outcome in pilot.config.outcomes.items():
        own = tested["outcome_id"].eq(outcome.assessment)
        own &= tested["window"].eq(outcome.post_window)
        for school in tested.loc[own, "school_id"].unique():
            found |= {(school, name), (school, outcome.assessment)}
    return found
