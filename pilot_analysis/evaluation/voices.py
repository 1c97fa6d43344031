"""Whose answers count as the teachers' own, about which product, and how many were asked."""

from dataclasses import replace

import pandas as pd

from pilot_analysis.evaluation.rosters import license_holders, school_products, team_teachers
from pilot_analysis.evaluation.scale_scores import waves_in_order
from pilot_analysis.stats.cluster.mean import cluster_mean
from pilot_analysis.stats.estimate import Estimate

__all__ = [
    "TEACHING",
    "asked_teachers",
    "latest_answers",
    "product_teachers",
    "rating_mean",
    "teacher_answers",
    "with_product",
]

TEACHING = ("teacher", "point_person")
"""Roles whose answers are the teachers' own: a point person teaches too. Principals decide, and
students are asked other questions."""


def teacher_answers(pilot) -> pd.DataFrame:
    """Return the rows of `survey_responses` that teachers gave, each with its product.

    Parameters
    ----------
    pilot : Pilot

    Returns
    -------
    pandas.DataFrame
        Columns of `survey_responses`; survey_id and product_id are "" where they are unknown.
    """
    answers = pilot.table("survey_responses")
    answers = answers[answers["respondent_role"].isin(TEACHING)]
    answers = answers.assign(survey_id=answers["survey_id"].fillna(""))
    return with_product(pilot, answers)


def with_product(pilot, frame: pd.DataFrame) -> pd.DataFrame:
    """Fill in the product where a school has only one; "" where it stays unknown.

    Parameters
    ----------
    pilot : Pilot
    frame : pandas.DataFrame
        With columns school_id and product_id.

    Returns
    -------
    pandas.DataFrame
    """
    products = frame["product_id"].astype("str").fillna("")
    blank = products.eq("")
    if blank.any():
        pairs = school_products(pilot)
        single = pairs[~pairs["school_id"].duplicated(keep=False)].set_index("school_id")
        known = frame["school_id"].map(single["product_id"]).astype("str").fillna("")
        products = products.mask(blank, known)
    return frame.assign(product_id=products)


def latest_answers(answers: pd.DataFrame) -> pd.DataFrame:
    """Keep, per school and product, the last wave, and in it one answer per person and item.

    Parameters
    ----------
    answers : pandas.DataFrame
        Rows of `survey_responses`; a school and product that did not take part in the last wave
        keeps its own last one.

    Returns
    -------
    pandas.DataFrame
        With a column `is_last`: whether the wave is the last of all.
    """
    order = {wave: place for place, wave in enumerate(waves_in_order(answers))}
    place = answers["wave"].map(order)
    own_last = place.groupby([answers["school_id"], answers["product_id"]]).transform("max")
    kept = answers[place == own_last].assign(is_last=place == len(order) - 1)
    kept = kept.sort_values(["answered_on", "response_id"], na_position="first", kind="stable")
    return kept.drop_duplicates(
        ["respondent_id", "school_id", "product_id", "item_id"], keep="last"
    )


def asked_teachers(pilot) -> dict[tuple[str, str], int]:
    """Return how many teachers were asked, per school and product.

    Those who teach a class that was given the product, by the assignments, else by the licenses;
    where neither was recorded, the teachers on the list, else those invited, for a school with
    one product.

    Parameters
    ----------
    pilot : Pilot

    Returns
    -------
    dict of (school_id, product_id) to int
        Product "" counts each teacher of the school once. A school without any record is absent.
    """
    teaching = product_teachers(pilot)
    by_product = teaching.groupby(["school_id", "product_id"])["teacher_id"].nunique()
    by_school = teaching.groupby("school_id")["teacher_id"].nunique()
    listed = team_teachers(pilot).groupby("school_id")["teacher_id"].nunique()
    invited = pilot.table("schools").set_index("school_id")["teachers_invited"].dropna()
    by_school = by_school.combine_first(listed).combine_first(invited.astype(int))
    counts = {(school, ""): int(n) for school, n in by_school.items()}
    pairs = school_products(pilot)
    for school, products in pairs.groupby("school_id")["product_id"]:
        if len(products) == 1 and school in by_school.index:
            counts[school, products.iloc[0]] = int(by_school[school])
    return counts | {unit: int(n) for unit, n in by_product.items()}


def rating_mean(values, cluster, *, low: float, high: float, conf_level: float) -> Estimate:
    """Return the mean of ratings, its interval cut at the ends of their scale.

    Parameters
    ----------
    values : array_like, shape (n,)
        Ratings between `low` and `high`.
    cluster : array_like, shape (n,), or None
        What the ratings come in; None: each stands alone.

    Returns
    -------
    Estimate
        unit "scale points (low-high)".
    """
    unit = f"scale points ({low:g}-{high:g})"
    mean = cluster_mean(values, cluster, unit=unit, conf_level=conf_level)
    if not mean.is_defined:
        return mean
    return replace(mean, conf_low=max(mean.conf_low, low), conf_high=min(mean.conf_high, high))


def product_teachers(pilot) -> pd.DataFrame:
    """Return who taught a class that was given a product.

    Parameters
    ----------
    pilot : Pilot

    Returns
    -------
    pandas.DataFrame
        Columns school_id, product_id, teacher_id, without repetition: by the assignments of
        classes, else by the licenses, else by use.
    """
    given = pilot.table("assignments")
    given = given[given["unit"].eq("class") & given["product_id"].notna()]
    if len(given):
        classes = pilot.table("enrollments")[["class_id", "school_id", "teacher_id"]]
        found = classes.merge(given, left_on="class_id", right_on="unit_id")
    else:
        found = license_holders(pilot)
    columns = ["school_id", "product_id", "teacher_id"]
    return found[columns].dropna().drop_duplicates()
