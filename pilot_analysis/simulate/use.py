"""Support contacts, professional development, and minutes of use that depend on both."""

import numpy as np
import pandas as pd

from pilot_analysis.simulate.frame import clean_frame
from pilot_analysis.simulate.plan import School, classes_of_teams
from pilot_analysis.simulate.terms import CLOSED, term_weeks, testing_weeks
from pilot_analysis.simulate.truth import COMPARISON

__all__ = ["make_professional_development", "make_support_log", "make_usage"]

_TOPICS = (
    "sign-in",
    "rostering",
    "devices",
    "assigning lessons",
    "reading the reports",
    "lesson content",
    "sound and headphones",
)
_CHANNELS = ("email", "phone", "point_person", "visit")
_SESSIONS = (("2025-10-01", 2.5), ("2025-11-12", 1.5), ("2026-01-21", 1.5), ("2026-03-18", 1.0))
_SLOW = 12
"""days after which a contact counts as slow: use then falls until a week after it is resolved"""
_UNKNOWN = 4
"""students with minutes whom no roster knows"""
_NEVER_SHARE = 0.05
_DECLINING_SHARE = 0.35


def make_support_log(
    schools: tuple[School, ...],
    roster: pd.DataFrame,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return contacts for help: most in October and January, some answered late in winter."""
    weeks = term_weeks()
    busy = np.where(weeks.month == 10, 3.0, np.where(weeks.month == 1, 2.5, 0.8))
    rows = []
    for school, team, classes in classes_of_teams(schools, roster):
        for teacher in classes["teacher_id"]:
            for week in rng.choice(len(weeks), rng.poisson(2.6), p=busy / busy.sum()):
                opened = weeks[week] + pd.Timedelta(days=int(rng.integers(0, 5)))
                rows.append(_contact(school, team, teacher, opened, rng))
    log = pd.DataFrame(rows).sort_values(["opened_at", "teacher_id"], ignore_index=True)
    return clean_frame(
        "support_log", log.assign(contact_id=[f"H{i:04d}" for i in range(1, len(log) + 1)])
    )


def _contact(school, team, teacher, opened, rng) -> dict:
    winter = opened.month in (1, 2)
    days = rng.gamma(6.0, 4.0) if school.slow_support and winter else rng.gamma(1.5, 2.0)
    still_open = rng.random() < 0.04
    channels = _CHANNELS if school.point_person else ("email", "phone", "email", "visit")
    return {
        "school_id": school.id,
        "teacher_id": teacher,
        "product_id": team.product,
        "opened_at": opened,
        "resolved_at": pd.NaT if still_open else opened + pd.Timedelta(days=round(days)),
        "channel": channels[rng.choice(4, p=[0.45, 0.1, 0.35, 0.1])],
        "topic": str(rng.choice(_TOPICS)),
    }


def make_professional_development(
    schools: tuple[School, ...],
    roster: pd.DataFrame,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return sessions and who was there; the later ones are held in some schools only."""
    rows = []
    for school, team, classes in classes_of_teams(schools, roster):
        if "professional_development" in school.missing:
            continue
        for number, (day, hours) in enumerate(_SESSIONS, start=1):
            present = classes["teacher_id"][rng.random(len(classes)) < 0.88]
            if number > 2 and rng.random() < 0.35:
                continue
            rows += [
                {
                    "session_id": f"{school.id}-{team.product}-{number}",
                    "teacher_id": teacher,
                    "school_id": school.id,
                    "held_on": pd.Timestamp(day),
                    "hours": hours,
                    "product_id": team.product,
                }
                for teacher in present
            ]
    return clean_frame("professional_development", rows)


def make_usage(
    schools: tuple[School, ...],
    roster: pd.DataFrame,
    enrollments: pd.DataFrame,
    licenses: pd.DataFrame,
    support_log: pd.DataFrame,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return minutes, sessions and lessons per student and week; no row for a week without use."""
    weeks = term_weeks()
    arm = enrollments["class_id"].map(roster.set_index("class_id")["arm"])
    users = dict(iter(enrollments[arm != COMPARISON].groupby(["school_id", arm])))
    contacts = dict(iter(support_log.groupby("teacher_id")))
    parts = []
    for school, team, classes in classes_of_teams(schools, roster):
        members = users[school.id, team.product]
        pace = _pace_of_classes(school, team, classes, contacts, weeks, rng)
        minutes = _minutes(members, pace, weeks, rng)
        parts.append(_long(members["student_id"], minutes, weeks, team.product, rng))
    usage = pd.concat(parts, ignore_index=True)
    # Who moves between two classes with the product has one account, and one row a week.
    usage = usage.drop_duplicates(["student_id", "product_id", "period_start"])
    some = licenses.loc[licenses["student_id"].str.startswith("X")].head(_UNKNOWN)
    strangers = usage.sample(3 * len(some), random_state=rng)
    theirs = some.loc[some.index.repeat(3), ["student_id", "product_id"]]
    strangers = strangers.assign(**theirs.reset_index(drop=True).set_index(strangers.index))
    strangers = strangers.drop_duplicates(["student_id", "product_id", "period_start"])
    return clean_frame("usage", pd.concat([usage, strangers], ignore_index=True))


def _pace_of_classes(school, team, classes, contacts, weeks, rng) -> pd.DataFrame:
    """Return the minutes of a typical student: one row a class, one column a week."""
    season = np.ones(len(weeks))
    season[:2] = 0.5, 0.8
    season[weeks.isin(testing_weeks())] = 0.4
    if school.closed_once:
        season[weeks == pd.Timestamp(CLOSED[0])] = 0.0
    habit = team.minutes * np.exp(rng.normal(0, 0.28, len(classes)))
    pace = habit[:, None] * season
    falls = rng.random(len(classes)) < _DECLINING_SHARE
    pace[np.ix_(falls, np.asarray(weeks >= pd.Timestamp("2026-02-01")))] *= 0.5
    for row, teacher in enumerate(classes["teacher_id"]):
        for contact in contacts[teacher].itertuples() if teacher in contacts else ():
            until = contact.resolved_at
            until = weeks[-1] if pd.isna(until) else until + pd.Timedelta(days=7)
            if (until - contact.opened_at).days > _SLOW:
                pace[row, np.asarray((weeks > contact.opened_at) & (weeks <= until))] *= 0.55
    return pd.DataFrame(pace, index=classes["class_id"])


def _minutes(members, pace, weeks, rng) -> np.ndarray:
    """Return whole minutes, students x weeks; zero while not a member of the class."""
    n = len(members)
    never = rng.random(n) < _NEVER_SHARE
    own = np.exp(rng.normal(-0.2, 0.5, n)) * ~never
    comes = rng.beta(7, 2, n)[:, None] > rng.random((n, len(weeks)))
    week = rng.gamma(5.0, 1 / 5.0, (n, len(weeks)))
    there = (weeks.to_numpy() >= members["begin"].to_numpy()[:, None]) & (
        weeks.to_numpy() <= members["end"].to_numpy()[:, None]
    )
    minutes = pace.loc[members["class_id"]].to_numpy() * own[:, None] * week * comes * there
    return np.minimum(np.rint(minutes), 240).astype(int)


def _long(student_id, minutes, weeks, product, rng) -> pd.DataFrame:
    who, when = np.nonzero(minutes)
    spent = minutes[who, when]
    attempted = rng.poisson(spent / 11.0)
    return pd.DataFrame(
        {
            "student_id": student_id.to_numpy()[who],
            "product_id": product,
            "period_start": weeks[when],
            "period": "week",
            "minutes": spent,
            "sessions": 1 + rng.poisson(spent / 22.0),
            "lessons_attempted": attempted,
            "lessons_passed": rng.binomial(attempted, 0.74),
        }
    )
