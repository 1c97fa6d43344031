"""Test scores with a known effect: fall, winter and spring, reading and mathematics."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from pilot_analysis.simulate.frame import clean_frame
from pilot_analysis.simulate.plan import School
from pilot_analysis.simulate.truth import COMPARISON, PRODUCTS, Truth

__all__ = ["Scores", "draw_school_effects", "draw_scores", "make_assessments"]

_SUBJECTS = ("reading", "mathematics")
_LEVEL = {"reading": 188.0, "mathematics": 192.0}
_GROWTH = {"3": 9.0, "4": 8.0, "5": 7.0}
_PER_GRADE = 3.0
_GROUPS = {
    "english_learner": {"reading": -6.0, "mathematics": -4.0},
    "disability": {"reading": -7.0, "mathematics": -7.0},
    "economically_disadvantaged": {"reading": -4.0, "mathematics": -4.0},
}
_STANDARD_ERROR = 3.3
_WINTER = 0.55
"""share of the year's growth that is reached by the winter test"""
_TAKEN = {"fall": "2025-09-22", "winter": "2026-01-12", "spring": "2026-05-11"}
_UNKNOWN = 6
"""scores of students whom no roster knows"""


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of every student had nobody missed a test.

    Attributes
    ----------
    fall, winter, spring : pandas.DataFrame
        Index student_id, a column per subject (points).
    """

    fall: pd.DataFrame
    winter: pd.DataFrame
    spring: pd.DataFrame


def draw_school_effects(
    schools: tuple[School, ...],
    truth: Truth,
    rng: np.random.Generator,
) -> dict[str, dict[str, float]]:
    """Return product -> school -> true effect (SD), drawn around the product's own."""
    return {
        product: {
            s.id: float(rng.normal(mean, truth.effect_sd))
            for s in schools
            if any(team.product == product for team in s.teams)
        }
        for product, mean in truth.effects.items()
    }


def draw_scores(
    students: pd.DataFrame,
    roster: pd.DataFrame,
    truth: Truth,
    effects: Mapping[str, Mapping[str, float]],
    rng: np.random.Generator,
) -> Scores:
    """Draw each student's three scores in both subjects from school, class, group and effect."""
    arm = students["class_id"].map(roster.set_index("class_id")["arm"])
    grade = students["grade"].astype(int).to_numpy()
    growth = students["grade"].map(_GROWTH).to_numpy()
    windows: dict[str, dict[str, np.ndarray]] = {"fall": {}, "winter": {}, "spring": {}}
    for subject in _SUBJECTS:
        spread = _spread(students, truth, rng)
        groups = sum(
            students[name].to_numpy() * points[subject] for name, points in _GROUPS.items()
        )
        own, later = _own(len(students), groups, truth, rng)
        base = (
            _LEVEL[subject]
            + _PER_GRADE * (grade - 3)
            + groups
            + spread["before"]
            + truth.volunteer_advantage * (arm != COMPARISON).to_numpy()
        )
        effect = truth.score_sd * _effect(students["school_id"], arm, subject, effects)
        gain = growth + spread["during"] + effect
        windows["fall"][subject] = base + own
        windows["spring"][subject] = base + later + gain
        middle = (own + later) / np.sqrt(2 * (1 + truth.correlation))
        windows["winter"][subject] = base + middle + _WINTER * gain
    index = pd.Index(students["student_id"])
    return Scores(**{name: pd.DataFrame(values, index=index) for name, values in windows.items()})


def _spread(students, truth, rng) -> dict[str, np.ndarray]:
    """Return school and class parts: of the level before, and of the growth during the year."""
    parts = {"before": np.zeros(len(students)), "during": np.zeros(len(students))}
    for column, icc in (("school_id", truth.icc_school), ("class_id", truth.icc_class)):
        units, position = np.unique(students[column], return_inverse=True)
        sd = truth.score_sd * np.sqrt(icc)
        parts["before"] += rng.normal(0, sd, len(units))[position]
        parts["during"] += rng.normal(0, 0.4 * sd, len(units))[position]
    return parts


def _own(n, groups, truth, rng) -> tuple[np.ndarray, np.ndarray]:
    """Return a student's own part in fall and spring; both have the variance that is left."""
    left = truth.score_sd**2 * (1 - truth.icc_school - truth.icc_class) - np.var(groups)
    own = rng.normal(0, np.sqrt(left), n)
    later = rng.normal(0, np.sqrt(left * (1 - truth.correlation**2)), n)
    return own, truth.correlation * own + later


def _effect(school_id, arm, subject, effects) -> np.ndarray:
    total = np.zeros(len(arm))
    for product, by_school in effects.items():
        if PRODUCTS[product].outcome == subject:
            total += np.where(arm == product, school_id.map(by_school).fillna(0.0), 0.0)
    return total


def make_assessments(
    scores: Scores,
    students: pd.DataFrame,
    enrollments: pd.DataFrame,
    schools: tuple[School, ...],
    truth: Truth,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return scores as collected: whole points, some tests missed, some students unknown."""
    last = enrollments.sort_values("begin", kind="stable").drop_duplicates(
        "student_id", keep="last"
    )
    last = last.set_index("student_id").loc[students["student_id"]]
    no_winter = {s.id for s in schools if "winter test" in s.missing}
    parts = []
    for subject in _SUBJECTS:
        missed = _missed(scores.fall[subject], last["end"].to_numpy(), truth, rng)
        for window in ("fall", "winter", "spring"):
            part = _window(scores, students, subject, window, rng)
            part["school_id"] = np.where(
                window == "fall", students["school_id"], last["school_id"].to_numpy()
            )
            taken = ~missed[window]
            if window == "winter":
                taken &= ~part["school_id"].isin(no_winter).to_numpy()
            parts.append(part[taken])
    everything = pd.concat(parts, ignore_index=True)
    strangers = everything.sample(_UNKNOWN, random_state=rng)
    strangers = strangers.assign(student_id=[f"X{i:04d}" for i in range(501, 501 + _UNKNOWN)])
    return clean_frame("assessments", pd.concat([everything, strangers], ignore_index=True))


def _window(scores, students, subject, window, rng) -> pd.DataFrame:
    score = np.rint(getattr(scores, window)[subject].to_numpy())
    fall = np.rint(scores.fall[subject].to_numpy())
    grade = students["grade"].astype(int).to_numpy()
    norm = _LEVEL[subject] + 2.0 + _PER_GRADE * (grade - 3)
    growth = students["grade"].map(_GROWTH).to_numpy()
    reached = {"fall": 0.0, "winter": _WINTER, "spring": 1.0}[window]
    z = (score - norm - reached * growth) / 15.0
    typical = np.rint(reached * (growth - 0.12 * (fall - norm)))
    part = pd.DataFrame(
        {
            "student_id": students["student_id"],
            "outcome_id": subject,
            "window": window,
            "score": score,
            "standard_error": np.round(rng.normal(_STANDARD_ERROR, 0.15, len(score)), 1),
            "percentile": np.clip(np.rint(100 * stats.norm.cdf(z)), 1, 99),
            "taken_on": pd.Timestamp(_TAKEN[window])
            + pd.to_timedelta(rng.choice([0, 1, 2, 3, 4], len(score)), unit="D"),
        }
    )
    part["typical_growth"] = typical if reached else np.nan
    part["met_growth"] = pd.array(score - fall >= typical, dtype="boolean")
    if not reached:
        part["met_growth"] = pd.NA
    return part


def _missed(fall, end, truth, rng) -> dict[str, np.ndarray]:
    """Return which tests were missed: in spring more by those who started low."""
    n = len(fall)
    rank = fall.rank(pct=True).to_numpy()
    weight = np.where(rank < 0.2, 2.2, 0.7)
    gone = end < np.datetime64("2025-10-01")
    return {
        "fall": rng.random(n) < 0.03,
        "winter": (rng.random(n) < 0.05) | gone,
        "spring": (rng.random(n) < truth.lost_share * weight) | gone,
    }
