"""When things happen in the simulated year: terms, holidays, tests and surveys."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

__all__ = [
    "CALENDAR",
    "CLOSED",
    "DISTRICT",
    "WAVES",
    "WINDOW",
    "SurveyWave",
    "term_weeks",
    "testing_weeks",
]

DISTRICT = "D1"
WINDOW = "2025-26"
"""what the assignments hold for"""
CALENDAR = (
    ("testing", "2025-09-22", "2025-10-03"),
    ("term", "2025-10-06", "2026-01-30"),
    ("holiday", "2025-11-24", "2025-11-28"),
    ("holiday", "2025-12-22", "2026-01-02"),
    ("testing", "2026-01-12", "2026-01-16"),
    ("term", "2026-02-02", "2026-05-29"),
    ("holiday", "2026-02-16", "2026-02-20"),
    ("holiday", "2026-04-20", "2026-04-24"),
    ("testing", "2026-05-11", "2026-05-22"),
)
"""kind, first day, last day; for the whole district"""
CLOSED = ("2026-02-09", "2026-02-13")
"""the week in which one school had no heating"""


@dataclass(frozen=True, slots=True)
class SurveyWave:
    """One wave of the teacher survey."""

    name: str
    begin: str
    asks_to_recommend: bool


WAVES = (
    SurveyWave("fall", "2025-10-20", False),
    SurveyWave("winter", "2026-02-02", True),
    SurveyWave("spring", "2026-05-11", True),
)


def term_weeks() -> pd.DatetimeIndex:
    """Return the Mondays of the district's term weeks that are no holiday."""
    return _mondays("term").difference(_mondays("holiday"))


def testing_weeks() -> pd.DatetimeIndex:
    """Return the Mondays of the district's term weeks with tests."""
    return _mondays("testing").intersection(term_weeks())


def _mondays(kind: str) -> pd.DatetimeIndex:
    days = [
        np.arange(begin, np.datetime64(end) + np.timedelta64(1, "D"), dtype="M8[D]")
        for name, begin, end in CALENDAR
        if name == kind
    ]
    dates = pd.DatetimeIndex(np.concatenate(days).astype("M8[us]"))
    return dates[dates.day_of_week == 0]
