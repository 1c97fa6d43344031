"""Rows that say in one sentence that something was not collected or cannot be given."""

from collections.abc import Iterable
from typing import Any

from pilot_analysis.results import result

__all__ = ["SENTENCES", "absent_for_schools", "not_collected"]

SENTENCES = {
    "assessments": "Test scores were not collected",
    "assignments": "How groups came about was not recorded",
    "calendar": "The calendar of terms and holidays was not collected",
    "decisions": "The decision at the end was not recorded",
    "enrollments": "Class lists were not collected",
    "goals": "Learning goals were not collected",
    "licenses": "Licenses were not collected",
    "member_checks": "What the team said about the draft was not collected",
    "motivation": "Teachers' motivation at the start was not collected",
    "observations": "Classroom observations were not collected",
    "point_person": "Whether there was a point person was not recorded",
    "principal_support": "The principal's support was not recorded",
    "products": "What the product is meant to do was not recorded",
    "professional_development": "Professional development was not recorded",
    "shadow_days": "No student was shadowed",
    "students": "A list of students was not collected",
    "support_log": "Contacts for help were not recorded",
    "survey_responses": "Surveys were not collected",
    "teachers": "A list of teachers was not collected",
    "teachers_invited": "How many teachers were invited was not recorded",
    "usage": "Use was not collected",
    "volunteered": "Whether teachers volunteered was not recorded",
    "whys": "The school's reason for taking part was not recorded",
}
"""Instrument -> the sentence, up to the place where it was missing."""


def not_collected(
    section: str,
    instrument: str,
    *,
    school_id: str = "",
    product_id: str = "",
    outcome: str = "",
    sentence: str = "",
) -> dict[str, Any]:
    """Return the row that stands in the place of an instrument that is missing.

    Parameters
    ----------
    section : str
        Section of the results.
    instrument : str
        A key of `SENTENCES`, or any word if `sentence` is given.
    school_id, product_id, outcome : str
        What the instrument is missing for; blank: for everything.
    sentence : str
        A whole sentence instead of the standard one.
    """
    where = " at this school" if school_id else ""
    return result(
        section,
        "not_collected",
        "absence",
        "none",
        category=instrument,
        school_id=school_id,
        product_id=product_id,
        outcome=outcome,
        text=sentence or f"{SENTENCES[instrument]}{where}.",
    )


def absent_for_schools(
    section: str, instrument: str, schools: Iterable[str], present: Iterable[str]
) -> list[dict[str, Any]]:
    """Return one row per school that lacks the instrument, or one for the pilot if all do."""
    present = set(present)
    missing = [school for school in schools if school not in present]
    if not present:
        return [not_collected(section, instrument)]
    return [not_collected(section, instrument, school_id=school) for school in missing]
