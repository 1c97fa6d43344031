"""Member checks: how many of a school's team agree with a finding of the draft, or dispute it."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from pilot_analysis.evaluation.absence import absent_for_schools
from pilot_analysis.results import Results, result, result_id

__all__ = ["RESPONSES", "member_checks"]

RESPONSES = ("dispute", "add", "agree")
"""What a person may answer to a finding, disputes first."""


def member_checks(pilot) -> Results:
    """Count who agreed with each finding of the draft, who disputed it, who added to it.

    Parameters
    ----------
    pilot : Pilot

    Returns
    -------
    Results
        Section "member_checks", per school and for the network: `respondents`, the distinct
        people who answered; and `responses`, of these, by finding (category) and response
        (group), zeros included. What they wrote is left out, since nothing removes names yet.
        A school without a check has a row that says so.
    """
    checks = pilot.table("member_checks")
    rows = absent_for_schools("member_checks", "member_checks", pilot.schools, checks["school_id"])
    # a pseudonym may stand for someone else at another school
    checks = checks.assign(person=checks["school_id"] + "/" + checks["respondent_id"])
    for school, answers in checks.groupby("school_id"):
        rows += _of(str(school), answers)
    if len(checks):
        rows += _of("", checks)
    return Results.from_rows(rows)


def _of(school: str, answers: pd.DataFrame) -> Iterator[dict[str, Any]]:
    n = answers["person"].nunique()
    kind = ("count", "respondents")
    yield result("member_checks", "respondents", *kind, n, n=n, school_id=school)
    everyone = result_id("member_checks", "respondents", school_id=school)
    counts = answers.groupby(["finding_id", "response"])["person"].nunique()
    for finding in sorted(answers["finding_id"].unique()):
        for response in RESPONSES:
            yield result(
                "member_checks",
                "responses",
                *kind,
                counts.get((finding, response), 0),
                n=n,
                school_id=school,
                category=finding,
                group=response,
                relation=(f"part of {everyone}",),
            )
