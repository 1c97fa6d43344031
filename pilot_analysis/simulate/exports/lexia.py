"""Use of Readwell as Lexia's student export has it, week by week in one packed file."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from pilot_analysis.simulate.exports.files import frame_bytes, gzipped
from pilot_analysis.simulate.exports.mess import UNKNOWN, Aside, none_aside, off_the_roster, some
from pilot_analysis.simulate.exports.people import People

__all__ = ["LEXIA_HEADER", "export_lexia"]

PRODUCT = "readwell"
_OWN = ("week_of", "week_sessions", "week_attempts")
"""columns that Lexia does not have: the vendor's own, at the end"""
LEXIA_HEADER = (
    "district_id", "District_name", "school_id", "school_name", "classes", "class_names", "staff",
    "Lexia_ID", "username", "fname", "lname", "grade_label", "Predictor_date", "Predictor",
    "risk_level", "activity_id", "activity_name", "reading_focus", "struggling_indicator",
    "accuracy", "rate", "percent_completed", "current_unit", "max_unit", "status_flag_complete",
    "advanced", "activity_start_time", "activity_end_time", "activity_time",
    "attempts_at_standard", "attempts_at_practice", "attempts_at_instruction", "levelname",
    "grade_level_material", "units_to_benchmark", "today_mins", "today_units", "week_time",
    "weekly_usage_target", "meeting_target_usage", "week_units", "weekly_units_target",
    "certificate_delivered", "skillbuilder_delivered", "lessons_delivered", "date_of_birth",
    "gender", "race", "hispanic_latino", "meal_status", "IDEA", "esl_ell", "title_I",
    "studentrefid", "schoolrefid", "classrefid", *_OWN,
)  # fmt: skip
"""headers of the export, and the vendor's own three"""
_ACTIVITIES = ("Barnyard Vowels", "Compound Cove", "Idiom Island", "Prefix Pier", "Syllable Summit")
_SECOND_ACTIVITY = 0.06


def export_lexia(
    tables: Mapping[str, pd.DataFrame], people: People, rng: np.random.Generator
) -> tuple[dict[str, bytes], list[Aside]]:
    """Return the packed file, and what reading it must set aside.

    Who worked on a second activity stands there twice, with the same use of the week.
    """
    weeks = tables["usage"]
    weeks = weeks[weeks["product_id"] == PRODUCT]
    if weeks.empty:
        return {}, []
    rows = _rows(weeks, tables, people, rng)
    known = rows[rows["studentrefid"].isin(tables["students"]["student_id"])]
    second = some(known, _SECOND_ACTIVITY, rng)
    second["activity_name"] = rng.choice(_ACTIVITIES, len(second))
    counts = {
        "the same as an earlier row": len(second),
        UNKNOWN: off_the_roster(weeks["student_id"], tables),
    }
    everything = pd.concat([rows, second])
    everything = everything.sort_values(["week_of", "school_id", "lname"], kind="stable")
    data = frame_bytes(everything.reindex(columns=list(LEXIA_HEADER)))
    aside = [Aside("usage", "rows", reason, n) for reason, n in counts.items()]
    return {"lexia_student_export.csv.gz": gzipped(data)}, none_aside(aside)


def _rows(weeks: pd.DataFrame, tables, people: People, rng) -> pd.DataFrame:
    ids, n = weeks["student_id"], len(weeks)
    students = tables["students"].set_index("student_id")
    schools = tables["schools"].set_index("school_id")["name"]
    classes = tables["enrollments"].groupby("student_id")[["class_id"]].agg(",".join)["class_id"]
    seats = tables["licenses"]
    seats = seats[seats["product_id"] == PRODUCT].set_index("student_id")
    target = ids.map(seats["target_minutes_per_week"])
    school = ids.map(students["school_id"])
    yes = {True: "Y", False: "N"}
    return pd.DataFrame(
        {
            "District_name": "Harbors and Hills District (invented)",
            "school_id": school,
            "school_name": school.map(schools),
            "classes": ids.map(classes),
            "Lexia_ID": ids.map(people.students["account"]).str[2:10],
            "username": ids.map(people.students["email"]),
            "fname": ids.map(people.students["given"]),
            "lname": ids.map(people.students["family"]),
            "grade_label": "Grade " + ids.map(students["grade"]),
            "activity_name": rng.choice(_ACTIVITIES, n),
            "percent_completed": [f"{share}%" for share in rng.integers(5, 100, n)],
            "activity_time": np.minimum(weeks["minutes"], 12).astype(int),
            "levelname": "Level " + pd.Series(rng.integers(6, 18, n), weeks.index).astype(str),
            "week_time": weeks["minutes"].map("{:g}".format),
            "weekly_usage_target": target.map("{:g}".format, na_action="ignore"),
            "meeting_target_usage": (weeks["minutes"] >= target).map(yes),
            "week_units": weeks["lessons_passed"].astype(str),
            "gender": ids.map(students["sex"]).str[:1].str.upper(),
            "hispanic_latino": ids.map(
                students["race_ethnicity"].eq("Hispanic or Latino").map({True: "Y", False: "N"})
            ),
            "esl_ell": ids.map(students["english_learner"].map(yes)),
            "studentrefid": ids,
            "schoolrefid": school,
            "week_of": weeks["period_start"].dt.strftime("%Y-%m-%d"),
            "week_sessions": weeks["sessions"].astype(str),
            "week_attempts": weeks["lessons_attempted"].astype(str),
        },
        index=weeks.index,
    )
