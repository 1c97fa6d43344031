"""What observers saw: lessons rated by two of them, and students followed for a day."""

import numpy as np
import pandas as pd

from pilot_analysis.simulate.frame import clean_frame
from pilot_analysis.simulate.plan import School, classes_of_teams

__all__ = ["make_observations", "make_shadow_days"]

_ITEMS = {
    "seen_attention": "engagement",
    "seen_effort": "engagement",
    "seen_alone": "ease",
    "seen_signin": "ease",
}
"""item on 1 to 4 -> what it looks at"""
_BANDS = ((0, 24), (25, 49), (50, 74), (75, 100))
"""share of students on task as the sheet offers it (percent)"""
_DAYS = ("2025-12-02", "2026-03-24")
_SHADOWING = (2, 5, 7)
"""the stories whose school followed a student: twice before the pilot, once near its end"""
_SHADOW_DAYS = (("2025-09-11", 0.0), ("2025-09-16", 0.0), ("2026-05-06", 0.25))
"""day, and how much more often the student is engaged"""
_TIMETABLE = (
    ("arriving", 15), ("listening to the teacher", 25), ("", 30), ("waiting for the next task", 10),
    ("", 25), ("moving between rooms", 10), ("", 30), ("recess", 20),
    ("listening to the teacher", 25), ("", 30), ("lunch", 30), ("", 25),
    ("waiting for the next task", 15), ("", 35), ("moving between rooms", 10), ("", 25),
    ("packing up", 10),
)  # fmt: skip
"""activity and minutes; blank: one of `_WORK`"""
_WORK = ("reading alone", "working with a partner", "practice on a worksheet",
         "working with software", "small group with the teacher")  # fmt: skip
_ENGAGED = {"waiting for the next task": 0.05, "moving between rooms": 0.2, "recess": 0.9,
            "lunch": 0.8, "listening to the teacher": 0.45}  # fmt: skip


def make_observations(
    schools: tuple[School, ...], roster: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Return the ratings of up to two lessons of each teacher with a product."""
    rows: list[dict] = []
    for school, team, classes in classes_of_teams(schools, roster):
        if "observations" in school.missing:
            continue
        for lesson in classes.itertuples():
            for number, day in enumerate(_DAYS, start=1):
                if rng.random() < 0.2:
                    continue
                about = {
                    "observation_id": f"{lesson.class_id}-L{number}",
                    "school_id": school.id,
                    "teacher_id": lesson.teacher_id,
                    "class_id": lesson.class_id,
                    "product_id": team.product,
                    "observed_on": pd.Timestamp(day) + pd.Timedelta(days=int(rng.integers(0, 10))),
                }
                rows += [about | rating for rating in _ratings(team, rng)]
    return clean_frame("observations", rows)


def _ratings(team, rng) -> list[dict]:
    level = {
        item: 2.7
        + 0.45 * team.liking
        + rng.normal(0, 0.6)
        + (team.seen_higher if what == "engagement" else 0.0)
        for item, what in _ITEMS.items()
    }
    on_task = rng.normal(62 + 12 * team.liking + 10 * team.seen_higher, 16)
    rows = []
    for rater in ("V1", "V2"):
        rows += [
            {
                "rater_id": rater,
                "item_id": item,
                "value": np.clip(np.rint(value + rng.normal(0, 0.22)), 1, 4),
            }
            for item, value in level.items()
        ]
        seen = np.clip(on_task + rng.normal(0, 6), 0, 100)
        low, high = next(band for band in _BANDS if seen < band[1] + 1)
        rows.append(
            {"rater_id": rater, "item_id": "seen_on_task", "value_low": low, "value_high": high}
        )
    return rows


def make_shadow_days(schools: tuple[School, ...], rng: np.random.Generator) -> pd.DataFrame:
    """Return the activities of the students who were followed for a day."""
    rows: list[dict] = []
    for school in schools:
        for number, (day, more) in enumerate(_SHADOW_DAYS if school.story in _SHADOWING else (), 1):
            about = {
                "shadow_id": f"{school.id}-D{number}",
                "school_id": school.id,
                "grade": str(rng.choice(["3", "4", "5"])),
                "group": str(rng.choice(["English learner", "not an English learner"])),
            }
            clock = pd.Timestamp(day) + pd.Timedelta(hours=8, minutes=15)
            for planned, minutes in _TIMETABLE:
                activity = planned or str(rng.choice(_WORK))
                chance = _ENGAGED.get(activity, 0.55) + more
                rows.append(
                    about
                    | {
                        "begin": clock,
                        "minutes": minutes,
                        "activity": activity,
                        "engaged": bool(rng.random() < chance),
                    }
                )
                clock += pd.Timedelta(minutes=minutes)
    return clean_frame("shadow_days", rows)
