"""Whether teachers would recommend it, and what the school decided."""

from collections.abc import Iterator
from dataclasses import astuple, replace
from typing import Any

import pandas as pd

from pilot_analysis.errors import DataError
from pilot_analysis.evaluation.absence import absent_for_schools, not_collected
from pilot_analysis.evaluation.recommendation_match import match_rows
from pilot_analysis.evaluation.recommendation_pairs import pair_rows
from pilot_analysis.evaluation.voices import asked_teachers, latest_answers, teacher_answers
from pilot_analysis.results import Results, result, result_id
from pilot_analysis.stats.nps import (
    NpsCounts,
    count_nps,
    net_promoter_score,
    nps_bounds,
    pool_nps,
    shrink_nps,
)
from pilot_analysis.stats.nps.counts import UNIT

__all__ = ["recommendation"]

NOT_ASKED = "Teachers were not asked whether they would recommend it."
TOO_LATE = "Every answer came after the decision, so none is used."
MORE_THAN_ASKED = "More people answered than are known to have been asked."
EARLIER = "answers of an earlier survey"
TWO_SCALES = (
    "Some teachers were asked on a scale from zero to ten and others on one from one to ten, so "
    "there is no score of all of them together."
)
FROM_ONE = f"{UNIT} (asked 1-10)"
"""Unit of everything that comes from an item whose scale began with 1, declared in the
configuration: with one step fewer below the passives, it cannot be compared with a score that was
asked from 0 to 10."""


def recommendation(pilot) -> Results:
    """Return Net Promoter Scores, decisions, and whether the two go together.

    Only answers from before a school's decision about a product count, of its last survey before
    it, one per person and product. An answer without a date counts as well, but its score is left
    out of the comparison with the decision.

    Parameters
    ----------
    pilot : Pilot

    Returns
    -------
    Results
        Section "recommendation", per school and product, per product and for the whole network.
        The unit of scores says so where the scale began with 1; answers on the two scales are
        never put together.

    Raises
    ------
    DataError
        An answer to the recommend item that is not a whole number from 0 to 10.
    """
    asked = _answers(pilot)
    answers = _before_decision(pilot, asked)
    parts = dict(list(answers.groupby(["school_id", "product_id"])))
    scales = {unit: _scale(part) for unit, part in parts.items()}
    counts = {unit: _count(unit, part) for unit, part in parts.items() if scales[unit]}
    rows = [*_absences(pilot, asked, answers)]
    invited = asked_teachers(pilot)
    rows += _units(pilot, answers, counts, scales, invited)
    rows += _network(pilot, answers, counts, invited)
    rows += _pooled(counts, scales)
    scored = {(row["school_id"], row["product_id"]) for row in rows if row["name"] == "nps"}
    rows += pair_rows(answers, scored, pilot.config.inference.conf_level)
    rows += _decisions(pilot)
    rows += match_rows(pilot, answers, counts)
    return Results.from_rows(rows)


def _answers(pilot) -> pd.DataFrame:
    items = {
        name: FROM_ONE if item.offered_from == 1 else UNIT
        for name, item in pilot.config.items.items()
        if item.kind == "recommend"
    }
    answers = teacher_answers(pilot)
    answers = answers[answers["item_id"].isin(items) & answers["value"].notna()]
    return answers.assign(unit=answers["item_id"].map(items))


def _before_decision(pilot, answers: pd.DataFrame) -> pd.DataFrame:
    decided = pilot.table("decisions")[["school_id", "product_id", "decided_on"]]
    answers = answers.merge(decided, on=["school_id", "product_id"], how="left")
    late = answers["answered_on"].dt.normalize() >= answers["decided_on"].dt.normalize()
    kept = latest_answers(answers[~late])
    # several recommend items in one survey are one question about one product
    return kept.drop_duplicates(["respondent_id", "school_id", "product_id"], keep="last")


def _scale(answers: pd.DataFrame) -> str:
    """Return the unit of a score of these answers; blank: they were asked on two scales."""
    units = answers["unit"].unique()
    return units[0] if len(units) == 1 else ""


def _count(unit: tuple[str, str], part: pd.DataFrame) -> NpsCounts:
    try:
        return count_nps(part["value"])
    except DataError as error:
        raise DataError(
            f"survey_responses, school {unit[0]}, item {part['item_id'].iloc[0]!r}: {error}"
        ) from error


def _absences(pilot, asked: pd.DataFrame, answers: pd.DataFrame) -> Iterator[dict[str, Any]]:
    if not pilot.has("survey_responses"):
        yield not_collected("recommendation", "survey_responses")
    elif asked.empty:
        yield not_collected("recommendation", "recommend", sentence=NOT_ASKED)
    else:
        for school in pilot.schools:
            if school not in set(asked["school_id"]):
                yield not_collected(
                    "recommendation", "recommend", school_id=school, sentence=NOT_ASKED
                )
    units = ["school_id", "product_id"]
    used = set(answers[units].drop_duplicates().itertuples(index=False, name=None))
    for school, product in asked[units].drop_duplicates().itertuples(index=False, name=None):
        if (school, product) not in used:
            yield not_collected(
                "recommendation",
                "recommend",
                school_id=school,
                product_id=product,
                sentence=TOO_LATE,
            )
    decided = pilot.table("decisions")["school_id"].unique()
    yield from absent_for_schools("recommendation", "decisions", pilot.schools, decided)


def _units(pilot, answers, counts, scales, invited: dict) -> Iterator[dict[str, Any]]:
    level = pilot.config.inference.conf_level
    last = answers.groupby(["school_id", "product_id"])["is_last"].first()
    for unit, scale in scales.items():
        if not scale:
            yield _two_scales(*unit)
            continue
        score = replace(net_promoter_score(counts[unit], conf_level=level), unit=scale)
        score = score if last[unit] else score.flagged(EARLIER)
        yield from _score_rows(*unit, score, counts[unit], invited.get(unit))


def _two_scales(school: str, product: str) -> dict[str, Any]:
    keys = {"school_id": school, "product_id": product}
    return not_collected("recommendation", "recommend", sentence=TWO_SCALES, **keys)


def _network(pilot, answers: pd.DataFrame, counts, invited: dict) -> Iterator[dict[str, Any]]:
    level = pilot.config.inference.conf_level
    products = sorted({product for _, product in counts if product})
    for product in [*products, ""]:
        units = [u for u in counts if product in ("", u[1])]
        if not units:
            continue
        people = answers if product == "" else answers[answers["product_id"].eq(product)]
        if not (scale := _scale(people)):
            yield _two_scales("", product)
            continue
        teams: dict[str, NpsCounts] = {}
        for school, own in units:
            teams[school] = teams.get(school, NpsCounts(0, 0, 0)) + counts[school, own]
        score = pool_nps(teams.values(), conf_level=level)
        score = replace(score, n=people["respondent_id"].nunique(), unit=scale)
        asked = [invited.get((school, product)) for school in teams]
        known = None if any(n is None for n in asked) else sum(asked)
        yield from _score_rows("", product, score, sum(teams.values(), NpsCounts(0, 0, 0)), known)


def _score_rows(school, product, score, count: NpsCounts, invited) -> Iterator[dict[str, Any]]:
    keys = {"school_id": school, "product_id": product}
    yield result("recommendation", "nps", "score", "respondents", score, **keys)
    source = result_id("recommendation", "nps", **keys)
    if score.n == count.n:  # else somebody answered about two products: shares are not of people
        names = ("detractors", "passives", "promoters")
        for name, people in zip(names, astuple(count), strict=True):
            yield result(
                "recommendation",
                "answers",
                "count",
                "respondents",
                people,
                n=count.n,
                category=name,
                relation=(f"part of {source}",),
                **keys,
            )
    yield _size("responded", score.n, keys)
    if invited is None or score.n != count.n:
        return
    if invited < score.n:
        yield not_collected("recommendation", "teachers_invited", sentence=MORE_THAN_ASKED, **keys)
        return
    yield _size("invited", int(invited), keys)
    bounds = nps_bounds(count, int(invited))
    sources = [
        result_id("recommendation", name, **keys) for name in ("nps", "responded", "invited")
    ]
    for name, bound in (("nps_worst", bounds.worst), ("nps_best", bounds.best)):
        yield result(
            "recommendation",
            name,
            "score",
            "respondents",
            bound,
            n=count.n,
            unit=score.unit,
            relation=[f"derived from {s}" for s in sources],
            **keys,
        )


def _size(name: str, people: int, keys: dict[str, str]) -> dict[str, Any]:
    return result("recommendation", name, "count", "teachers", people, n=people, **keys)


def _pooled(counts, scales) -> Iterator[dict[str, Any]]:
    """Yield each team's score drawn towards those of the same product and scale."""
    for product, scale in sorted({(u[1], scales[u]) for u in counts}):
        units = [u for u in counts if (u[1], scales[u]) == (product, scale)]
        if len(units) < 2:
            continue
        fit = shrink_nps([counts[u] for u in units])
        for unit, shrunken in zip(units, fit.shrunken, strict=True):
            keys = dict(zip(("school_id", "product_id"), unit, strict=True))
            yield result(
                "recommendation",
                "nps_pooled",
                "score",
                "respondents",
                shrunken,
                n=counts[unit].n,
                unit=scale,
                method="dirichlet_multinomial",
                flags=fit.flags,
                relation=(f"derived from {result_id('recommendation', 'nps', **keys)}",),
                **keys,
            )


def _decisions(pilot) -> Iterator[dict[str, Any]]:
    decisions = pilot.table("decisions").sort_values(["school_id", "product_id"])
    for row in decisions.itertuples():
        yield result(
            "recommendation",
            "decision",
            "level",
            "schools",
            n=1,
            school_id=row.school_id,
            product_id=row.product_id,
            level=row.decision,
            text="" if pd.isna(row.reason) else row.reason,
        )
    for decision, units in decisions["decision"].value_counts().sort_index().items():
        yield result(
            "recommendation",
            "decisions",
            "count",
            "schools",
            units,
            n=len(decisions),
            category=decision,
        )
