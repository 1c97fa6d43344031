"""Reading tests as NWEA MAP Growth exports them: one combined file a term, 143 columns."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from pilot_analysis.simulate.exports.files import frame_bytes, zipped
from pilot_analysis.simulate.exports.mess import (
    UNKNOWN,
    Aside,
    american,
    missing_as,
    none_aside,
    off_the_roster,
    some,
)

__all__ = ["NWEA_HEADER", "export_nwea"]

SUBJECT = "reading"
_TERMS = {"fall": "Fall 2025-2026", "winter": "Winter 2025-2026", "spring": "Spring 2025-2026"}
_SPANS = ("FallToFall", "FallToWinter", "FallToSpring", "WinterToWinter", "WinterToSpring",
          "SpringToSpring")  # fmt: skip
_GROWTH = ("ProjectedGrowth", "ObservedGrowth", "ObservedGrowthSE", "MetProjectedGrowth",
           "ConditionalGrowthIndex", "ConditionalGrowthPercentile", "GrowthQuintile")  # fmt: skip
NWEA_HEADER = (
    "TermName", "DistrictName", "District_StateID", "SchoolName", "School_StateID", "StudentID",
    "Student_StateID", "Subject", "Course", "GrowthMeasureYN", "NormsReferenceData",
    *(f"WI{kind}AY{term}" for kind in ("Selected", "Previous")
      for term in ("Fall", "Winter", "Spring")),
    "TestType", "TestName", "TestID", "TestStartDate", "TestStartTime", "TestDurationMinutes",
    "TestRITScore", "TestStandardError", "TestPercentile", "AchievementQuintile", "PercentCorrect",
    "RapidGuessingPercentage",
    *(f"{span}{what}" for span in _SPANS for what in _GROWTH),
    *(f"{kind}{what}" for kind in ("Lexile", "Quantile") for what in ("Score", "Min", "Max")),
    *(f"Goal{goal}{what}" for goal in range(1, 9)
      for what in ("Name", "RitScore", "StdErr", "Range", "Adjective")),
    *(f"Typical{span}Growth" for span in _SPANS),
    *(f"ProjectedProficiency{what}{n}" for n in range(1, 11) for what in ("Study", "Level")),
)  # fmt: skip
"""headers of the combined file"""
_GOALS = ("Literary Text", "Informational Text", "Vocabulary: Acquisition and Use")
_SPAN = {"winter": "FallToWinter", "spring": "FallToSpring"}
_QUINTILES = ("Low", "LoAvg", "Avg", "HiAvg", "High")
_AGAIN, _NOT_TAKEN, _SCIENCE = 0.02, 0.01, 0.05


def export_nwea(
    tables: Mapping[str, pd.DataFrame], rng: np.random.Generator
) -> tuple[dict[str, bytes], list[Aside]]:
    """Return an archive a term with the reading tests, and what reading them must set aside.

    A few students took the test twice, and NWEA marks which one counts; some began and did not
    finish; spring holds the science tests of some students, too.
    """
    tests = tables["assessments"]
    tests = tests[tests["outcome_id"] == SUBJECT]
    files, asides = {}, []
    for window, term in _TERMS.items():
        rows = tests[tests["window"] == window]
        if rows.empty:
            continue
        counted = _term(rows, tables, window, rng)
        again = some(counted, _AGAIN, rng).assign(GrowthMeasureYN="FALSE")
        again["TestRITScore"] = (again["TestRITScore"].astype(int) - 6).astype(str)
        parts = [counted, again, _not_taken(counted, tests, rng)]
        if window == "spring":
            science = some(counted, _SCIENCE, rng)
            parts.append(science.assign(Subject="Science", Course="Science K-12"))
        frame = pd.concat(parts).sort_values(["School_StateID", "StudentID"], kind="stable")
        member = f"AssessmentResults_{term.replace(' ', '_')}.csv"
        frame = frame.reindex(columns=list(NWEA_HEADER))
        files[f"nwea_map_{window}.zip"] = zipped({member: frame_bytes(frame)})
        asides += _asides(frame, tables)
    return files, asides


def _asides(frame: pd.DataFrame, tables) -> list[Aside]:
    """Count each row of a term's file for the first reason that it has."""
    retake = frame["GrowthMeasureYN"].eq("FALSE")
    subject = ~retake & frame["Subject"].ne("Language Arts")
    blank = ~retake & ~subject & frame["TestRITScore"].eq("")
    rest = frame[~(retake | subject | blank)]
    counts = {
        "not the test that NWEA counts for growth": retake.sum(),
        "not asked for (wanted: Subject Language Arts)": subject.sum(),
        "blank: no score or percentile or met_growth": blank.sum(),
        UNKNOWN: off_the_roster(rest["StudentID"], tables),
    }
    return none_aside([Aside("assessments", "rows", r, int(n)) for r, n in counts.items()])


def _term(rows: pd.DataFrame, tables, window: str, rng) -> pd.DataFrame:
    n, score = len(rows), rows["score"].astype(int)
    schools = tables["schools"].set_index("school_id")["name"]
    frame = pd.DataFrame(
        {
            "TermName": _TERMS[window],
            "DistrictName": "Harbors and Hills District (invented)",
            "SchoolName": rows["school_id"].map(schools),
            "School_StateID": rows["school_id"],
            "StudentID": rows["student_id"],
            "Subject": "Language Arts",
            "Course": "Reading",
            "GrowthMeasureYN": "TRUE",
            "NormsReferenceData": "2025",
            "TestType": "Survey With Goals",
            "TestName": "Growth: Reading 2-5, invented",
            "TestID": rng.permutation(n) + 500_000,
            "TestStartDate": american(rows["taken_on"]),
            "TestStartTime": [f"{h:02d}:{m:02d}:00" for h, m in zip(
                rng.integers(8, 14, n), rng.integers(0, 60, n), strict=True)],
            "TestDurationMinutes": rng.integers(24, 75, n),
            "TestRITScore": score.astype(str),
            "TestStandardError": rows["standard_error"].map("{:g}".format),
            "TestPercentile": rows["percentile"].map("{:g}".format),
            "AchievementQuintile": np.take(_QUINTILES, (rows["percentile"] // 20).astype(int)),
            "RapidGuessingPercentage": missing_as(pd.Series("", rows.index), ("", "NA", "0"), rng),
            "LexileScore": [f"{max(0, 20 * (s - 160))}L" for s in score],
        },
        index=rows.index,
    )  # fmt: skip
    for number, goal in enumerate(_GOALS, start=1):
        rit = score + rng.integers(-5, 6, n)
        frame[f"Goal{number}Name"] = goal
        frame[f"Goal{number}RitScore"] = rit
        frame[f"Goal{number}Range"] = [f"{r - 4}-{r + 4}" for r in rit]
    return frame.assign(**_growth(rows, window, rng)) if window in _SPAN else frame


def _growth(rows: pd.DataFrame, window: str, rng) -> dict[str, pd.Series]:
    """Return what was expected and whether it was met; in spring with NWEA's asterisk."""
    met = rows["met_growth"].map({True: "Yes", False: "No"}).astype(object).fillna("")
    if window == "spring":
        met = met.where(met.eq("") | (rng.random(len(met)) < 0.9), met + "*")
    span = _SPAN[window]
    return {
        f"{span}ProjectedGrowth": rows["typical_growth"].map("{:g}".format, na_action="ignore"),
        f"{span}MetProjectedGrowth": met,
    }


def _not_taken(counted: pd.DataFrame, tests: pd.DataFrame, rng) -> pd.DataFrame:
    """Return tests that students without a score began and did not finish."""
    absent = tests[~tests["student_id"].isin(counted["StudentID"])]
    absent = absent.drop_duplicates("student_id")
    absent = absent[absent["school_id"].isin(counted["School_StateID"])]
    begun = some(absent, _NOT_TAKEN, rng)
    like = counted.iloc[np.zeros(len(begun), dtype=int)].assign(
        StudentID=begun["student_id"].to_numpy(), School_StateID=begun["school_id"].to_numpy()
    )
    names = dict(zip(counted["School_StateID"], counted["SchoolName"], strict=True))
    like["SchoolName"] = like["School_StateID"].map(names)
    blank = [c for c in like if c.startswith(("TestRIT", "TestStandard", "TestPerc", "Achievement",
                                              "Lexile", "Goal", "FallTo"))]  # fmt: skip
    return like.assign(**dict.fromkeys(blank, ""))
