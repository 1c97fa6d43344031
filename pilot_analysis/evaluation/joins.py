"""What becomes of rows where two tables are put together: rows in = matched + not, by reason."""

from collections.abc import Iterator

import pandas as pd

from pilot_analysis.evaluation.dose import COUNTED, fates_of_use
from pilot_analysis.evaluation.rosters import arm_members, license_holders
from pilot_analysis.evaluation.voices import TEACHING
from pilot_analysis.ingest.reconcile import OFF_THE_LIST
from pilot_analysis.schema import TABLES

__all__ = ["MATCHED", "PERSON", "joins"]

MATCHED = COUNTED
PERSON = {
    "enrollments": "student_id",
    "licenses": "student_id",
    "assessments": "student_id",
    "usage": "student_id",
    "survey_responses": "respondent_id",
}
"""Table that is matched with others -> its column of persons."""
_NOBODY = "nobody named"
_NO_OUTCOME = "a test or window that no outcome uses"
_NO_ARM = "student of no group that is compared"
_NOT_ASSIGNED = "in a {} to which nothing was assigned"
_NOT_ENROLLED = "student on no class list while the license ran"
_STRANGER = "not on the list of teachers"


def joins(pilot) -> pd.DataFrame:
    """Return how the rows of the clean tables find one another.

    Reading looks up the students and teachers of every table and sets aside the rows of those who
    are unknown; this happens to the others when the briefs put tables together.

    Parameters
    ----------
    pilot : Pilot

    Returns
    -------
    pandas.DataFrame
        Columns table, to (what its rows are matched with, in words), fate (`MATCHED` first, then
        the reasons), rows, people (distinct persons behind them), everyone (behind all rows that
        were looked up). The last two are missing where the persons are not known any more. For
        each table and `to` the rows add up to those that were looked up: of the students and
        teachers all that the ledger had left, else all of the clean table, or, for
        survey_responses, all answers of teachers.
    """
    lines = list(_looked_up(pilot))
    for table, to, fates in _pairs(pilot):
        persons = pilot.table(table).loc[fates.index, PERSON[table]]
        people, everyone = persons.groupby(fates).nunique(), persons.nunique()
        counts = fates.value_counts()
        counts = counts.reindex([MATCHED, *sorted(set(counts.index) - {MATCHED})], fill_value=0)
        lines += [
            (table, to, fate, int(rows), people.get(fate, 0), everyone)
            for fate, rows in counts.items()
        ]
    columns = ["table", "to", "fate", "rows", "people", "everyone"]
    return pd.DataFrame(lines, columns=columns).astype({"people": "Int64", "everyone": "Int64"})


def _looked_up(pilot) -> Iterator[tuple]:
    """Yield what reading found of the students and teachers whom the rows of a table name."""
    rows = pilot.ledger[pilot.ledger["unit"].eq("rows")]
    kept = rows[rows["step"].eq("kept")].groupby("table", sort=False)["rows"].sum()
    aside = rows[rows["step"].eq("set aside")].groupby(["table", "reason"])["rows"].sum()
    for table, n in kept.items():
        looked_up = [f for f in TABLES[table].fields if f.unknown == "set aside"]
        left = int(n)
        lines = []
        for column in reversed(looked_up):  # the last is looked up in what the others left
            if pilot.has(column.references):
                blank = int(pilot.table(table)[column.name].isna().sum())
                strange = int(aside.get((table, OFF_THE_LIST[column.references]), 0))
                fates = {MATCHED: left - blank, _NOBODY: blank}
                fates[OFF_THE_LIST[column.references]] = strange
                lines.append((table, column.references, fates))
                left += strange
        for _, to, fates in reversed(lines):
            for fate, rows in fates.items():
                if rows or fate == MATCHED:
                    yield table, to, fate, rows, pd.NA, pd.NA


def _pairs(pilot) -> Iterator[tuple[str, str, pd.Series]]:
    """Yield each table, what it is matched with, and the fate of each of its rows."""
    compared = pilot.config.design.comparison != "none" and pilot.has("assignments")
    if compared and pilot.has("enrollments"):
        yield "enrollments", "what was assigned", _fates_of_classes(pilot)
    if pilot.has("licenses") and pilot.has("enrollments"):
        held = license_holders(pilot)
        yield "licenses", "class lists", _fates(held["rostered"], _NOT_ENROLLED)
    if pilot.has("assessments") and pilot.config.outcomes:
        yield "assessments", "outcomes and groups", _fates_of_tests(pilot, compared)
    if pilot.has("usage"):
        yield "usage", "licenses and weeks of term", fates_of_use(pilot)
    answers = pilot.table("survey_responses")
    answers = answers[answers["respondent_role"].isin(TEACHING)]
    known = answers["respondent_id"].isin(pilot.table("teachers")["teacher_id"])
    if known.any():  # else respondents have pseudonyms of their own
        yield "survey_responses", "teachers", _fates(known, _STRANGER)


def _fates(matched: pd.Series, reason: str) -> pd.Series:
    return pd.Series(MATCHED, matched.index, dtype="str").where(matched, reason)


def _fates_of_classes(pilot) -> pd.Series:
    unit = pilot.config.design.assigned_unit
    given = pilot.table("assignments")
    assigned = given.loc[given["unit"].eq(unit), "unit_id"]
    ids = pilot.table("enrollments")[f"{unit}_id"]
    return _fates(ids.isin(assigned), _NOT_ASSIGNED.format(unit))


def _fates_of_tests(pilot, compared: bool) -> pd.Series:
    tests = pilot.table("assessments")
    used, member = pd.Series(False, tests.index), pd.Series(False, tests.index)
    for name, outcome in pilot.config.outcomes.items():
        windows = [w for w in (outcome.pre_window, outcome.post_window) if w]
        own = tests["outcome_id"].eq(outcome.assessment) & tests["window"].isin(windows)
        used |= own
        if compared:
            people = arm_members(pilot, name)["student_id"]
            member |= own & tests["student_id"].isin(people)
    fates = _fates(used, _NO_OUTCOME)
    return fates.mask(used & ~member, _NO_ARM) if compared else fates
