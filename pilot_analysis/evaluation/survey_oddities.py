"""Surveys that look odd: products that were not assigned, one answer to all, two from one."""

import pandas as pd

from pilot_analysis.evaluation.oddity_kinds import ODDITY_KINDS
from pilot_analysis.evaluation.voices import TEACHING, product_teachers

__all__ = ["answered_twice", "not_assigned", "same_answers"]

Found = tuple[pd.DataFrame, int] | None


def not_assigned(pilot) -> Found:
    """Return teachers' responses about a product that they were not given.

    Parameters
    ----------
    pilot : Pilot

    Returns
    -------
    cases : pandas.DataFrame
        One row per response: person_id, school_id, about, value.
    n : int
        Teachers who answered about a product.
        None in place of both: neither assignments nor licenses say who was given what.
    """
    given = pilot.table("assignments")["product_id"].notna().any()
    if not given and not pilot.has("licenses"):
        return None
    answers = pilot.table("survey_responses")
    answers = answers[answers["respondent_role"].isin(TEACHING) & answers["product_id"].notna()]
    responses = answers.drop_duplicates(["response_id", "product_id"])
    taught = product_teachers(pilot)
    listed = pilot.table("teachers")["teacher_id"]
    is_known = responses["respondent_id"].isin([*listed, *taught["teacher_id"].dropna()])
    own = _pairs(responses, "respondent_id").isin(_pairs(taught, "teacher_id"))
    of_school = _pairs(responses, "school_id").isin(_pairs(taught, "school_id"))
    odd = responses[(is_known & ~own) | (~is_known & ~of_school)]
    return _cases(odd), responses["respondent_id"].nunique()


def same_answers(pilot) -> Found:
    """Return responses with one answer to all questions of a scale that has opposite ones.

    Parameters
    ----------
    pilot : Pilot

    Returns
    -------
    cases, n
        As of `not_assigned`; `value` is the answer. n counts those who answered enough questions.
    """
    items = {name: item for name, item in pilot.config.items.items() if item.kind == "rating"}
    answers = pilot.table("survey_responses")
    answers = answers[answers["item_id"].isin(items) & answers["value"].notna()]
    if answers.empty:
        return None
    ends = {name: f"{item.low} to {item.high}" for name, item in items.items()}
    reverse = {name: item.reverse for name, item in items.items()}
    answers = answers.assign(
        ends=answers["item_id"].map(ends), reverse=answers["item_id"].map(reverse).astype(bool)
    )
    sheets = answers.groupby(["response_id", "ends"]).agg(
        n=("value", "size"), kinds=("value", "nunique"), turned=("reverse", "nunique"),
        respondent_id=("respondent_id", "first"), school_id=("school_id", "first"),
        wave=("wave", "first"), product_id=("product_id", "first"), value=("value", "first"),
    )  # fmt: skip
    sheets = sheets[(sheets["n"] >= ODDITY_KINDS["same_answers"].limit) & (sheets["turned"] == 2)]
    odd = sheets[sheets["kinds"] == 1]
    return _cases(odd, odd["value"]), sheets["respondent_id"].nunique()


def answered_twice(pilot) -> Found:
    """Return the later responses of people who answered a survey twice in a wave.

    Parameters
    ----------
    pilot : Pilot

    Returns
    -------
    cases, n
        As of `not_assigned`. n counts everyone who answered.
    """
    answers = pilot.table("survey_responses")
    who = ["respondent_id", "survey_id", "wave", "product_id"]
    ordered = answers.sort_values(["answered_on", "response_id"], na_position="first")
    responses = ordered.drop_duplicates([*who, "response_id"])
    odd = responses[responses.duplicated(who)]
    return _cases(odd), answers["respondent_id"].nunique()


def _pairs(frame: pd.DataFrame, person: str) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(frame[[person, "product_id"]].astype("str"))


def _cases(rows: pd.DataFrame, value=float("nan")) -> pd.DataFrame:
    product = rows["product_id"].fillna("no product named").astype("str")
    return pd.DataFrame(
        {
            "person_id": rows["respondent_id"],
            "school_id": rows["school_id"].fillna("").astype("str"),
            "about": product + ", " + rows["wave"],
            "value": value,
        }
    )
