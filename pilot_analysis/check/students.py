"""Students whom a test or the use of a product is missing of: a list for those who can ask."""

import pandas as pd

from pilot_analysis.evaluation.dose import measure_dose
from pilot_analysis.evaluation.not_tested import not_tested
from pilot_analysis.evaluation.rosters import student_classes

__all__ = ["missing_students"]

NEVER_USED = "licensed, and never used it"
_COLUMNS = ["about", "school_id", "class_id", "teacher_id", "student_id", "missing"]


def missing_students(pilot) -> pd.DataFrame:
    """Return who is missing in the numbers of an outcome or a product.

    For the internal audience alone: it names students by their id.

    Parameters
    ----------
    pilot : Pilot

    Returns
    -------
    pandas.DataFrame
        Columns about (label of the outcome, or name of the product), school_id, class_id,
        teacher_id, student_id, missing (why, in words); sorted.
    """
    parts = [pd.DataFrame(columns=_COLUMNS, dtype="str")]
    for name, outcome in pilot.config.outcomes.items():
        if not pilot.has("assessments"):
            break
        lost = not_tested(pilot, name).drop(columns="school_id")
        people = student_classes(pilot, outcome.subject)
        found = lost.merge(people, on="student_id").rename(columns={"reason": "missing"})
        parts.append(found.assign(about=outcome.label)[_COLUMNS])
    if pilot.has("usage") and pilot.has("licenses"):
        held = measure_dose(pilot).licenses
        names = pilot.table("products").set_index("product_id")["name"]
        idle = held[held["collected"] & ~held["logged_in"]]
        about = idle["product_id"].map(names).fillna(idle["product_id"])
        parts.append(idle.assign(about=about, missing=NEVER_USED)[_COLUMNS])
    everyone = pd.concat(parts, ignore_index=True)
    everyone[["class_id", "teacher_id"]] = everyone[["class_id", "teacher_id"]].fillna("")
    order = everyone["about"].map({name: i for i, name in enumerate(everyone["about"].unique())})
    by = ["order", "school_id", "class_id", "student_id"]
    return everyone.assign(order=order).sort_values(by, ignore_index=True)[_COLUMNS]
