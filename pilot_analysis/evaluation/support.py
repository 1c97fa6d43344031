"""How much help was needed, how fast it came, and what happened to use afterwards."""

from collections.abc import Iterator
from math import inf
from typing import Any

import pandas as pd

from pilot_analysis.evaluation.absence import absent_for_schools, not_collected
from pilot_analysis.evaluation.contributions import remainder_percent
from pilot_analysis.evaluation.rosters import team_teachers
from pilot_analysis.evaluation.support_lens import LENS, use_around_contacts
from pilot_analysis.results import Results, result, result_id
from pilot_analysis.stats.cluster.mean import cluster_mean

__all__ = ["support"]

NO_CONTACT = "No contact for help was recorded at this school."


def support(pilot) -> Results:
    """Return professional development, contacts for help, and use before and after them.

    Parameters
    ----------
    pilot : Pilot

    Returns
    -------
    Results
        Section "support", per school and for the network.
    """
    return Results.from_rows([*_training(pilot), *_contacts(pilot), *_lens(pilot)])


def _training(pilot) -> Iterator[dict[str, Any]]:
    """Sessions, and hours per teacher of the team (those who came to none count with zero)."""
    level = pilot.config.inference.conf_level
    sessions = pilot.table("professional_development")
    school_of = pilot.table("teachers").set_index("teacher_id")["school_id"]
    where = sessions["school_id"].fillna(sessions["teacher_id"].map(school_of))
    sessions = sessions.assign(school_id=where)
    present = set(sessions["school_id"].dropna())
    yield from absent_for_schools("support", "professional_development", pilot.schools, present)
    if not present:
        return
    held = sessions.groupby("school_id")["session_id"].nunique()
    yield from _counted("pd_sessions", held, held)
    hours = sessions.groupby("teacher_id")["hours"].sum()
    team = set(team_teachers(pilot)["teacher_id"]) | set(hours.index)
    people = school_of[school_of.index.isin(team) & school_of.isin(present)]
    people = pd.DataFrame({"school_id": people, "hours": hours.reindex(people.index).fillna(0.0)})
    for school, part in people.groupby("school_id"):
        value = cluster_mean(part["hours"], name="pd_hours", unit="hours", conf_level=level)
        yield _hours(part, value, school)
    if len(people):
        value = cluster_mean(
            people["hours"], people["school_id"], name="pd_hours", unit="hours", conf_level=level
        )
        yield _hours(people, value, "")


def _hours(people: pd.DataFrame, value, school: str) -> dict[str, Any]:
    rest = remainder_percent(people["hours"])
    return result(
        "support", "pd_hours", "mean", "teachers", value, school_id=school, remainder_percent=rest
    )


def _counted(name: str, counts: pd.Series, wholes: pd.Series, **keys) -> Iterator[dict[str, Any]]:
    """Yield a count per school and for the network; part of all contacts where there are keys."""
    everything = [*counts.sort_index().items(), ("", counts.sum())]
    for school, count in everything:
        whole = wholes[school] if school else wholes.sum()
        of = result_id("support", "contacts", school_id=school)
        part = name in ("contacts_by_month", "topic", "unresolved") or bool(keys)
        yield result(
            "support",
            name,
            "count",
            "records",
            count,
            n=whole,
            school_id=school,
            relation=(f"part of {of}",) if part else (),
            **keys,
        )


def _contacts(pilot) -> Iterator[dict[str, Any]]:
    log = pilot.table("support_log")
    known = set(log["school_id"].dropna())
    if not known:
        yield not_collected("support", "support_log")
        return
    for school in pilot.schools:
        if school not in known:
            yield not_collected("support", "support_log", school_id=school, sentence=NO_CONTACT)
    log = log[log["school_id"].notna()].assign(month=log["opened_at"].dt.strftime("%Y-%m"))
    totals = log.groupby("school_id").size()
    yield from _counted("contacts", totals, totals)
    for name, column, key in (
        ("contacts", "channel", "category"),
        ("contacts_by_month", "month", "time"),
        ("topic", "topic", "category"),
    ):
        for value, part in log.groupby(column):
            yield from _counted(name, part.groupby("school_id").size(), totals, **{key: value})
    still_open = log["resolved_at"].isna().groupby(log["school_id"]).sum()
    yield from _counted("unresolved", still_open, totals)
    yield from _days(log, pilot.config.inference.conf_level)


def _days(log: pd.DataFrame, conf_level: float) -> Iterator[dict[str, Any]]:
    """Days until a contact was resolved: mean and median; open ones are not in it.

    A teacher contributes all the days of their contacts; a median does not grow with anybody's.
    """
    days = (log["resolved_at"] - log["opened_at"]).dt.total_seconds() / 86400
    solved = log.assign(days=days)[days.notna()]
    units = [*solved.groupby("school_id"), ("", solved)] if len(solved) else []
    for school, part in units:
        mean = cluster_mean(
            part["days"],
            None if school else part["school_id"],
            name="days_to_resolve",
            unit="days",
            conf_level=conf_level,
        )
        people = part["teacher_id"].fillna(part["contact_id"])
        rest = remainder_percent(part["days"].groupby(people).sum())
        yield result(
            "support", "days_to_resolve", "mean", "records", mean, school_id=school,
            remainder_percent=rest, smallest_n=people.nunique(),
        )  # fmt: skip
        yield result(
            "support",
            "median_days_to_resolve",
            "mean",
            "records",
            part["days"].median(),
            n=len(part),
            unit="days",
            method="median",
            remainder_percent=inf,
            smallest_n=people.nunique(),
            school_id=school,
        )


def _lens(pilot) -> Iterator[dict[str, Any]]:
    found = use_around_contacts(pilot)
    for (name, school), (value, rest) in found.items():
        relation = ()
        if name != LENS[0]:
            relation = (f"derived from {result_id('support', LENS[0], school_id=school)}",)
        yield result(
            "support", name, "mean", "students", value, school_id=school, relation=relation,
            remainder_percent=rest,
        )  # fmt: skip
