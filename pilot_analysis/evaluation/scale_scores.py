"""Answers -> one score per person, wave and survey scale."""

import pandas as pd

from pilot_analysis.stats.scales import score_scale

__all__ = ["scale_scores", "waves_in_order"]


def waves_in_order(answers: pd.DataFrame) -> list[str]:
    """Return the waves of a survey by the day of their first answer, then by name."""
    first = answers.groupby("wave")["answered_on"].min()
    return first.sort_index().sort_values(kind="stable").index.tolist()


def scale_scores(pilot, scale: str) -> pd.DataFrame:
    """Score everyone who answered enough items of a scale.

    Parameters
    ----------
    pilot : Pilot
    scale : str
        A key of the config's `scales`.

    Returns
    -------
    pandas.DataFrame
        One row per person, product and wave: school_id, product_id, respondent_id,
        respondent_role, wave, answered_on, score (scale points).
    """
    items = {
        name: item
        for name, item in pilot.config.items.items()
        if item.scale == scale and item.kind == "rating"
    }
    answers = pilot.table("survey_responses")
    answers = answers[answers["item_id"].isin(items) & answers["value"].notna()]
    who = ["school_id", "product_id", "respondent_id", "respondent_role", "wave"]
    answers = answers.assign(product_id=answers["product_id"].fillna(""))
    if answers.empty:
        return answers[[*who, "answered_on"]].assign(score=answers["value"])
    wide = answers.pivot_table(index="response_id", columns="item_id", values="value")
    wide = wide.reindex(columns=list(items))
    score = score_scale(
        wide,
        low={name: item.low for name, item in items.items()},
        high={name: item.high for name, item in items.items()},
        reverse=[name for name, item in items.items() if item.reverse],
        minimum_answered=pilot.config.scales[scale].minimum_answered,
    )
    people = answers.drop_duplicates("response_id").set_index("response_id")
    people = people[[*who, "answered_on"]].assign(score=score).dropna(subset=["score"])
    return people.groupby(who, as_index=False).agg(
        answered_on=("answered_on", "min"), score=("score", "mean")
    )
