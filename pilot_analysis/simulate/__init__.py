"""A simulated pilot whose truth is known: every clean table, and what it was drawn from."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pilot_analysis.errors import DataError, DesignError
from pilot_analysis.schema import TABLES
from pilot_analysis.simulate import assessments, observers, people, stories, use, voices
from pilot_analysis.simulate.frame import clean_frame, written
from pilot_analysis.simulate.plan import plan_schools
from pilot_analysis.simulate.truth import Truth

__all__ = ["DEMO_SEED", "SimulatedPilot", "Truth", "simulate_pilot", "write_pilot"]

DEMO_SEED = 20251751
"""seed of ``data/raw/demo``; its README says why this one"""
_STREAMS = (
    "teachers", "students", "enrollments", "effects", "scores", "assessments", "licenses",
    "support", "development", "usage", "survey", "observations", "shadow", "checks",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SimulatedPilot:
    """A simulated pilot and the parameters that it was drawn from.

    Attributes
    ----------
    tables : dict of str to pandas.DataFrame
        All clean tables, with the columns and kinds of the schema, sorted by their keys.
    truth : dict
        The values of `Truth`, "school_effects" (product -> school -> SD), "mean_effects"
        (product -> the mean of its school effects, each school weighted by its classes with the
        product; SD), "seed" and "n_schools".
    """

    tables: Mapping[str, pd.DataFrame]
    truth: Mapping[str, Any]


def simulate_pilot(
    *,
    seed: int,
    n_schools: int = 10,
    students_per_class: int = 24,
    truth: Truth | None = None,
) -> SimulatedPilot:
    """Draw a pilot of two products with every instrument.

    Ten schools make a pilot of 100 classes, each with a teacher and `students_per_class`
    students; more schools repeat the ten kinds of school in turn. Classes have a product because
    their teacher volunteered; the others of the school are the comparison.

    Parameters
    ----------
    seed : int
        The same seed and code give the same tables.
    n_schools : int
        Number of schools, one or more.
    students_per_class : int
        Students on the roster of each class.
    truth : Truth
        Effects, variances and losses of the test scores.

    Returns
    -------
    SimulatedPilot

    Raises
    ------
    DesignError
        Fewer than one school, more schools than there are names for, or empty classes.
    """
    truth = truth or Truth()
    if students_per_class < 1:
        raise DesignError(f"students_per_class must be one or more; got {students_per_class}.")
    schools = plan_schools(n_schools)
    rng = _streams(seed)
    roster = people.make_roster(schools)
    students = people.make_students(schools, roster, students_per_class, rng["students"])
    enrollments = people.make_enrollments(students, roster, rng["enrollments"])
    effects = assessments.draw_school_effects(schools, truth, rng["effects"])
    scores = assessments.draw_scores(students, roster, truth, effects, rng["scores"])
    licenses = people.make_licenses(enrollments, roster, scores.fall, rng["licenses"])
    support_log = use.make_support_log(schools, roster, rng["support"])
    tables = _of_plan_alone(schools, roster, rng) | {
        "students": clean_frame("students", students),
        "enrollments": enrollments,
        "licenses": licenses,
        "assessments": assessments.make_assessments(
            scores, students, enrollments, schools, truth, rng["assessments"]
        ),
        "usage": use.make_usage(schools, roster, enrollments, licenses, support_log, rng["usage"]),
        "support_log": support_log,
    }
    known = {f.name: getattr(truth, f.name) for f in fields(truth)} | {
        "effects": dict(truth.effects),
        "school_effects": effects,
        "mean_effects": _mean_effects(schools, effects),
        "seed": seed,
        "n_schools": n_schools,
    }
    return SimulatedPilot({name: tables[name] for name in TABLES}, known)


def _streams(seed: int) -> dict[str, np.random.Generator]:
    """Return one stream a maker, so that a change in one table leaves the others as they are."""
    spawned = np.random.SeedSequence(seed).spawn(len(_STREAMS))
    return {
        name: np.random.default_rng(stream) for name, stream in zip(_STREAMS, spawned, strict=True)
    }


def _of_plan_alone(schools, roster, rng) -> dict[str, pd.DataFrame]:
    """Return the tables that do not depend on any student."""
    return {
        "schools": people.make_schools(schools),
        "teachers": people.make_teachers(schools, roster, rng["teachers"]),
        "assignments": people.make_assignments(roster),
        "products": people.make_products(),
        "calendar": people.make_calendar(schools),
        "goals": stories.make_goals(schools),
        "whys": stories.make_whys(schools),
        "decisions": stories.make_decisions(schools),
        "survey_responses": voices.make_survey_responses(schools, rng["survey"]),
        "member_checks": voices.make_member_checks(schools, rng["checks"]),
        "observations": observers.make_observations(schools, roster, rng["observations"]),
        "shadow_days": observers.make_shadow_days(schools, rng["shadow"]),
        "professional_development": use.make_professional_development(
            schools, roster, rng["development"]
        ),
    }


def _mean_effects(schools, effects) -> dict[str, float]:
    """Return product -> mean of its school effects, weighted by the classes with the product."""
    means = {}
    for product, by_school in effects.items():
        classes = [team.classes for s in schools for team in s.teams if team.product == product]
        if classes:
            means[product] = float(np.average(list(by_school.values()), weights=classes))
    return means


def write_pilot(simulated: SimulatedPilot, folder: str | Path) -> None:
    """Write every table as ``<table>.csv``; the same pilot gives the same bytes.

    ``pilot.toml`` and ``README.md`` are written by people, not by this function.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(
            f"{folder}: no folder can be made there ({error.strerror}). Choose another."
        ) from error
    for name, frame in simulated.tables.items():
        if len(frame):  # an instrument that no school of a small pilot has is not collected
            text = written(frame).to_csv(index=False, lineterminator="\n")
            (folder / f"{name}.csv").write_text(text, encoding="utf-8", newline="")
