"""The reconciliation ledger and the joins as results: rows in, set aside by reason, kept."""

from collections.abc import Iterator
from typing import Any

from pilot_analysis.evaluation.conditions import tested_students
from pilot_analysis.evaluation.joins import PERSON, joins
from pilot_analysis.results import result, result_id

__all__ = ["joined", "ledger"]

Row = dict[str, Any]
_POPULATIONS = {"student_id": "students", "respondent_id": "respondents"}
_STEPS = ("read", "set aside", "kept")


def ledger(pilot) -> Iterator[Row]:
    """Yield the reconciliation ledger of a pilot.

    Parameters
    ----------
    pilot : Pilot

    Yields
    ------
    dict
        "files" and "tables"; "total" of all rows by step (`time`); "rows" by table (`category`),
        file (`group`) and step; "made_from", the same for what became rows (`outcome` is its
        unit: responses, days); "set_aside" by table, reason (`group`) and unit.
    """
    frame = pilot.ledger.assign(unit=pilot.ledger["unit"].mask(pilot.ledger["unit"] == "rows", ""))
    n_files = pilot.files["file"].nunique()
    n_tables = frame["table"].nunique()
    yield _count("files", n_files, n_files)
    yield _count("tables", n_tables, n_tables)
    totals = frame[frame["unit"].eq("")].groupby("step")["rows"].sum()
    for step in _STEPS:
        yield _count("total", totals.get(step, 0), totals.get("read", 0), time=step)
    steps = frame.groupby(["table", "file", "unit", "step"], sort=False)["rows"].sum()
    for (table, file, unit), counts in steps.groupby(level=[0, 1, 2], sort=False):
        name = "made_from" if unit else "rows"
        keys = {"category": table, "group": file, "outcome": unit}
        whole = result_id("quality", name, time="read", **keys)
        rows = counts.droplevel([0, 1, 2])
        for step in _STEPS:
            relation = () if step == "read" else (f"part of {whole}",)
            count = rows.get(step, 0)
            yield _count(name, count, rows["read"], time=step, relation=relation, **keys)
    aside = frame[frame["step"].eq("set aside")]
    read = frame[frame["step"].eq("read")].groupby(["table", "unit"])["rows"].sum()
    by_reason = aside.groupby(["table", "unit", "reason"], sort=False)["rows"].sum()
    for (table, unit, reason), rows in by_reason.items():
        keys = {"category": table, "group": reason, "outcome": unit}
        yield _count("set_aside", rows, read[table, unit], **keys)


def joined(pilot) -> Iterator[Row]:
    """Yield what becomes of rows where tables are put together.

    Parameters
    ----------
    pilot : Pilot

    Yields
    ------
    dict
        "joined": rows of a table (`category`) by their fate (`time`), where they are matched with
        others (`group`); "joined_people": the persons behind them, where they are known. Since the
        rows of one join add up, all of them follow from each of these, and rows of tests from the
        flow of students.
    """
    for (table, to), lines in joins(pilot).groupby(["table", "to"], sort=False):
        known = lines[lines["people"].notna() & lines["rows"].gt(0)]
        known = known if len(known) > 1 else known[:0]  # all have one fate: nobody stands out
        keys = {"category": table, "group": to}
        people = {
            fate: f"derived from {result_id('quality', 'joined_people', time=fate, **keys)}"
            for fate in known["fate"]
        }
        for line in known.itertuples():
            others = tuple(relation for fate, relation in people.items() if fate != line.fate)
            yield result(
                "quality", "joined_people", "count", _POPULATIONS[PERSON[table]], int(line.people),
                n=int(line.everyone), time=line.fate, relation=others, **keys,
            )  # fmt: skip
        flow = _flow(pilot) if people and table == "assessments" else ()
        relation = (*people.values(), *flow)
        n = int(lines["rows"].sum())
        for fate, rows in zip(lines["fate"], lines["rows"], strict=True):
            yield _count("joined", rows, n, time=fate, relation=relation, **keys)


def _flow(pilot) -> Iterator[str]:
    """Yield what rows of tests say about the students who took them."""
    for name in pilot.config.outcomes:
        people = tested_students(pilot, name)
        for stage in (stage for stage in ("pre", "post") if stage in people):
            for arm in people["arm"].unique():
                flow = result_id("conditions", "flow", category=stage, outcome=name, group=arm)
                yield f"derived from {flow}"


def _count(name: str, rows: int, n: int, **keys) -> Row:
    return result("quality", name, "count", "records", int(rows), n=int(n), **keys)
