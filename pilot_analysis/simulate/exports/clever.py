"""Use of Numera as Clever's daily participation has it: one row per student and school day."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from pilot_analysis.simulate.exports.files import frame_bytes, gzipped
from pilot_analysis.simulate.exports.mess import UNKNOWN, Aside, none_aside, off_the_roster, some
from pilot_analysis.simulate.exports.people import People

__all__ = ["CLEVER_HEADER", "export_clever"]

PRODUCT = "numera"
_DAYS = 5
_MEASURES = ("minutes", "sessions", "lessons_attempted", "lessons_passed")
_OWN = ("num_minutes", "num_lessons", "num_lessons_passed")
"""columns that Clever does not have: the vendor's own, at the end"""
CLEVER_HEADER = ("date", "sis_id", "clever_user_id", "clever_school_id", "school_name", "active",
                 "num_logins", "num_resources_accessed", *_OWN)  # fmt: skip
"""headers of the export, and the vendor's own three"""
_IDLE, _GUESTS, _TWICE = 0.25, 0.002, 0.01


def export_clever(
    tables: Mapping[str, pd.DataFrame], people: People, rng: np.random.Generator
) -> tuple[dict[str, bytes], list[Aside]]:
    """Return a packed file a month, and what reading them must set aside.

    The days of a week add up to the week. There are days without use and guests without an id,
    and each month's file begins with some rows of the month before.
    """
    weeks = tables["usage"]
    weeks = weeks[weeks["product_id"] == PRODUCT]
    if weeks.empty:
        return {}, []
    days = _rows(_by_day(weeks, rng), tables, people, rng)
    idle = some(days, _IDLE, rng).assign(
        active="False", num_logins=0, num_resources_accessed=0, **dict.fromkeys(_OWN, 0)
    )
    # Nobody is at school on a Saturday: no day has two rows of a student.
    idle["date"] = (pd.to_datetime(idle["date"]) + pd.offsets.Week(weekday=5)).dt.strftime(
        "%Y-%m-%d"
    )
    idle = idle.drop_duplicates(["date", "sis_id"])
    guests = some(days, _GUESTS, rng).assign(sis_id="", clever_user_id="")
    everything = pd.concat([days, idle, guests])
    everything = everything.sort_values(["date", "sis_id"], kind="stable", ignore_index=True)
    files, n_twice = _by_month(everything, rng)
    counts = {
        "no use that day": len(idle),
        "no student named": len(guests),
        "the same as an earlier row": n_twice,
    }
    aside = [Aside("usage", "days", reason, n) for reason, n in counts.items()]
    aside.append(Aside("usage", "rows", UNKNOWN, off_the_roster(weeks["student_id"], tables)))
    return files, none_aside(aside)


def _by_day(weeks: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Spread each week over as many school days as it has sessions, up to five."""
    minutes, sessions, attempted, passed = (
        weeks[name].to_numpy(dtype=np.int64) for name in _MEASURES
    )
    n_days = np.clip(sessions, 1, _DAYS)
    order = rng.random((len(weeks), _DAYS)).argsort(axis=1).argsort(axis=1)
    used = order < n_days[:, None]
    share = used * rng.uniform(0.5, 1.0, used.shape)
    share /= share.sum(axis=1, keepdims=True)
    lessons, ahead, left = rng.multinomial(attempted, share), attempted.copy(), passed.copy()
    won = np.zeros_like(lessons)
    for day in range(_DAYS):
        won[:, day] = rng.hypergeometric(left, ahead - left, lessons[:, day])
        ahead, left = ahead - lessons[:, day], left - won[:, day]
    row, day = np.nonzero(used)
    spread = {
        "minutes": rng.multinomial(minutes, share),
        "sessions": used + rng.multinomial(sessions - n_days, share),
        "lessons_attempted": lessons,
        "lessons_passed": won,
    }
    return pd.DataFrame(
        {
            "student_id": weeks["student_id"].to_numpy()[row],
            "day": weeks["period_start"].to_numpy()[row] + day.astype("timedelta64[D]"),
            **{name: values[row, day] for name, values in spread.items()},
        }
    )


def _rows(days: pd.DataFrame, tables, people: People, rng) -> pd.DataFrame:
    # Whom no roster knows has an account at the first school.
    homes = tables["students"].set_index("student_id")["school_id"]
    schools = tables["schools"].set_index("school_id")["name"]
    school = days["student_id"].map(homes).fillna(schools.index[0])
    return pd.DataFrame(
        {
            "date": days["day"].dt.strftime("%Y-%m-%d"),
            "sis_id": days["student_id"],
            "clever_user_id": days["student_id"].map(people.students["account"]).str[2:],
            "clever_school_id": "c-" + school,
            "school_name": school.map(schools),
            "active": "True",
            "num_logins": days["sessions"],
            "num_resources_accessed": days["sessions"] + rng.integers(0, 3, len(days)),
            "num_minutes": days["minutes"],
            "num_lessons": days["lessons_attempted"],
            "num_lessons_passed": days["lessons_passed"],
        }
    )


def _by_month(rows: pd.DataFrame, rng) -> tuple[dict[str, bytes], int]:
    """Return a file for each month, and how many used days stand in two of them."""
    month = rows["date"].str[:7]
    counts = rows["active"].eq("True") & rows["sis_id"].ne("")
    files, n_twice = {}, 0
    before = rows.iloc[:0]
    for name in sorted(month.unique()):
        here = rows[month == name]
        data = frame_bytes(pd.concat([before, here])[list(CLEVER_HEADER)], line_end="\n")
        files[f"clever/daily_participation_{name}.csv.gz"] = gzipped(data)
        n_twice += len(before)
        before = some(here[counts[here.index]], _TWICE, rng)
    return files, n_twice
