"""Was it used? The funnel from license to dose, and minutes by week."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from pilot_analysis.evaluation.absence import not_collected
from pilot_analysis.evaluation.contributions import remainder_percent
from pilot_analysis.evaluation.dose import Dose, measure_dose
from pilot_analysis.evaluation.rosters import group_side
from pilot_analysis.results import Results, result, result_id
from pilot_analysis.stats.association import cluster_proportion
from pilot_analysis.stats.cluster.mean import cluster_mean, cluster_ratio

__all__ = ["FUNNEL", "usage"]

FUNNEL = {
    "licensed": "not on a class list",
    "rostered": "never logged in",
    "ever_logged_in": "active in too few weeks",
    "active_weeks": "below the own target in too many weeks",
    "met_target": "",
}
"""Rung -> why students are lost between it and the next."""

NO_TARGET = "No weekly target was recorded, so whether students met it cannot be said."
NO_LICENSES = (
    "Licenses were not collected: everyone in a class with the product counts as licensed."
)
NO_TERM = "Neither a calendar nor use by week was collected, so weeks cannot be counted."
BY_MONTH = "counted from totals of months"


def usage(pilot) -> Results:
    """Return the dosage funnel, minutes, and shares that met the dose.

    Parameters
    ----------
    pilot : Pilot

    Returns
    -------
    Results
        Section "usage", per school and product, and per product for the network. The funnel's
        rungs are nested, so the losses between them add up to those licensed. The network's
        counts leave out schools whose use was not exported.
    """
    if not pilot.has("usage"):
        return Results.from_rows([not_collected("usage", "usage")])
    dose = measure_dose(pilot)
    licenses = dose.licenses
    absent = licenses.loc[~licenses["collected"], ["school_id", "product_id"]].drop_duplicates()
    rows = [
        not_collected("usage", "usage", school_id=school, product_id=product)
        for school, product in absent.itertuples(index=False)
    ]
    if not pilot.has("licenses"):
        rows.append(not_collected("usage", "licenses", sentence=NO_LICENSES))
    rows += [
        result("usage", "term_weeks", "parameter", "none", weeks, unit="weeks", school_id=school)
        for school, weeks in licenses.groupby("school_id")["term_weeks"].first().items()
    ]
    tested = _tested(pilot)
    held, groups = _measured(pilot, licenses[licenses["collected"]], tested)
    for (school, product), part in held.groupby(["school_id", "product_id"], sort=True):
        rows += _of_unit(pilot, school, product, part, groups, tested is not None)
    rows += _by_period(dose, pilot.config.inference.conf_level)
    return Results.from_rows(rows)


def _measured(pilot, licenses: pd.DataFrame, tested) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the licenses twice, of their school and of the network, and the groups known.

    Clusters are numbers and sides of groups 1, 0 or NaN, since many small parts are cut from it.
    """
    held = licenses.drop(columns="student_id").assign(
        cluster=pd.factorize(licenses["cluster"], sort=True)[0],
        tested=False if tested is None else _pairs(licenses, tested),
    )
    groups = []
    for column in pilot.config.groups:
        side = group_side(pilot, column)
        if side is not None:
            groups.append(column)
            held[f"side {column}"] = licenses["student_id"].map(side).astype(float)
    return pd.concat([held, held.assign(school_id="")], ignore_index=True), tuple(groups)


def _of_unit(pilot, school, product, part, groups, tests_known) -> Iterator[dict[str, Any]]:
    keys = {"school_id": school, "product_id": product}
    conf_level = pilot.config.inference.conf_level
    has_term = bool((part["term_weeks"] > 0).any())
    has_target = has_term and bool(part["target"].notna().any())
    flags = (BY_MONTH,) if part["monthly"].any() else ()
    if not has_term:
        yield not_collected("usage", "dose", **keys, sentence=NO_TERM)
    elif not has_target:
        yield not_collected("usage", "dose", **keys, sentence=NO_TARGET)
    yield from _funnel(part, keys, 5 if has_target else 4 if has_term else 3, flags)
    if tests_known:
        yield result(
            "usage",
            "tested",
            "count",
            "students",
            int(part["tested"].sum()),
            n=len(part),
            relation=(_part_of_licensed(keys),),
            **keys,
        )
    if has_term:
        yield from _means(part, keys, conf_level, flags)
    if has_target:
        yield from _met_dose(part, keys, groups, conf_level, flags)


def _funnel(part, keys, n_rungs, flags) -> Iterator[dict[str, Any]]:
    inside = pd.Series(True, index=part.index)
    rungs = (inside, part["rostered"], part["logged_in"], part["is_active"], part["met"])
    for rung, (category, own) in enumerate(zip(FUNNEL, rungs, strict=True)):
        if rung >= n_rungs:
            return
        inside = inside & own.astype(bool)
        lost = FUNNEL[category] if rung + 1 < n_rungs else ""
        yield result(
            "usage",
            "funnel",
            "count",
            "students",
            int(inside.sum()),
            n=len(part),
            category=category,
            flags=((lost,) if lost else ()) + (flags if rung > 2 else ()),
            relation=() if rung == 0 else (_part_of_licensed(keys),),
            **keys,
        )


def _part_of_licensed(keys) -> str:
    return f"part of {result_id('usage', 'funnel', category='licensed', **keys)}"


def _means(part, keys, conf_level, flags) -> Iterator[dict[str, Any]]:
    known = part[part["term_weeks"] > 0]
    weeks = cluster_mean(
        known["active_weeks"],
        known["cluster"],
        name="active_weeks_mean",
        unit="weeks",
        conf_level=conf_level,
    )
    enrolled = cluster_mean(
        known["minutes"] / known["term_weeks"],
        known["cluster"],
        name="minutes_enrolled_week",
        unit="minutes",
        conf_level=conf_level,
    )
    users = known[known["active_weeks"] > 0]
    totals = users.groupby("cluster")[["active_minutes", "active_weeks"]].sum()
    active = cluster_ratio(
        totals["active_minutes"],
        totals["active_weeks"],
        name="minutes_active_week",
        unit="minutes",
        n=len(users),
        conf_level=conf_level,
    )
    for value, of_each in (
        (weeks, known["active_weeks"]),
        (enrolled, known["minutes"] / known["term_weeks"]),
        (active, users["active_minutes"]),
    ):
        rest = remainder_percent(of_each)
        yield result(
            "usage", value.name, "mean", "students", value, flags=flags, remainder_percent=rest,
            **keys,
        )  # fmt: skip


def _met_dose(part, keys, groups, conf_level, flags) -> Iterator[dict[str, Any]]:
    known = part[part["target"].notna()]
    sides = [("", "", known)]
    for group in groups:
        side = known[f"side {group}"]
        sides += [(group, "group", known[side == 1]), (group, "reference", known[side == 0])]
    whole = f"part of {result_id('usage', 'met_dose', **keys)}"
    for group, category, people in sides:
        if len(people):
            share = cluster_proportion(people["met"], people["cluster"], conf_level=conf_level)
            yield result(
                "usage",
                "met_dose",
                "proportion",
                "students",
                share,
                group=group,
                category=category,
                flags=flags,
                relation=(whole,) if group else (),
                **keys,
            )


def _by_period(dose: Dose, conf_level: float) -> Iterator[dict[str, Any]]:
    """Minutes per licensed student and week of term; for months, of the month's average week."""
    periods = dose.periods
    monthly = set(dose.licenses.loc[dose.licenses["monthly"], "product_id"])
    periods = periods.assign(average=periods["minutes"] / periods["weeks"])
    periods = pd.concat([periods, periods.assign(school_id="")], ignore_index=True)
    for (school, product, time), part in periods.groupby(["school_id", "product_id", "time"]):
        value = cluster_ratio(
            part["average"],
            part["students"],
            name="minutes_per_week",
            unit="minutes",
            conf_level=conf_level,
        )
        largest = part[["largest", "second"]].div(part["weeks"], axis=0).to_numpy().ravel()
        yield result(
            "usage",
            "minutes_per_week",
            "mean",
            "students",
            value,
            school_id=school,
            product_id=product,
            time=time.date().isoformat(),
            flags=("average week of a month",) if product in monthly else (),
            remainder_percent=remainder_percent(largest, part["average"].sum()),
        )


def _tested(pilot) -> pd.DataFrame | None:
    """Pairs of student and product with a score before and after; None: no such outcome."""
    products = pilot.table("products")[["product_id", "subject"]]
    scores = pilot.table("assessments")
    scores = scores[scores["score"].notna()]
    parts = []
    for outcome in pilot.config.outcomes.values():
        if not outcome.pre_window:
            continue
        own = scores[scores["outcome_id"].eq(outcome.assessment)]
        both = set(own.loc[own["window"].eq(outcome.pre_window), "student_id"])
        both &= set(own.loc[own["window"].eq(outcome.post_window), "student_id"])
        for product, subject in products.itertuples(index=False):
            same = str(subject).strip().casefold() == outcome.subject.strip().casefold()
            if same or not outcome.subject or pd.isna(subject):
                parts.append(pd.DataFrame({"student_id": sorted(both), "product_id": product}))
    return pd.concat(parts).drop_duplicates() if parts else None


def _pairs(licenses: pd.DataFrame, pairs: pd.DataFrame) -> pd.Series:
    key = ["student_id", "product_id"]
    wanted = pd.MultiIndex.from_frame(pairs[key])
    return pd.Series(pd.MultiIndex.from_frame(licenses[key]).isin(wanted), index=licenses.index)
