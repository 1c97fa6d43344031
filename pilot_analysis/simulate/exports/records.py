"""What no vendor exports: the team's own workbook and lists, written by hand."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from pilot_analysis.simulate.exports.files import frame_bytes, workbook_bytes
from pilot_analysis.simulate.exports.mess import (
    UNKNOWN,
    Aside,
    american,
    missing_as,
    none_aside,
    off_the_roster,
    some,
)
from pilot_analysis.simulate.exports.people import People
from pilot_analysis.simulate.frame import written

__all__ = ["export_records"]

_LISTS = ("assignments", "observations", "shadow_days", "member_checks",
          "professional_development")  # fmt: skip
_SHEETS = ("products", "goals", "whys", "decisions", "calendar")
_SCHOOLS = {
    "school_id": "School ID", "name": "School", "district_id": "District", "locale": "Locale",
    "teachers_invited": "Teachers asked", "principal_support": "Principal's support (1-4)",
    "point_person": "Point person?",
}  # fmt: skip
_TEACHERS = {
    "teacher_id": "Teacher ID", "school_id": "School ID", "role": "Role",
    "volunteered": "Volunteered?", "motivation": "Motivation (1-5)",
    "years_experience": "Years of teaching",
}  # fmt: skip
_ROLES = {"teacher": "Teacher", "point_person": "Point person", "coach": "Coach"}
_SEATS = {
    "student_id": "Student ID", "target_minutes_per_week": "Weekly Goal (min)",
    "begin": "Seat Assigned", "end": "Seat Ends",
}  # fmt: skip
_HELP = {
    "contact_id": "Ticket", "school_id": "School ID", "teacher_id": "Staff ID",
    "product_id": "Product", "opened_at": "Opened", "resolved_at": "Resolved",
    "channel": "Came by", "topic": "Topic",
}  # fmt: skip
_REPEATED_SEATS = 0.01


def export_records(
    tables: Mapping[str, pd.DataFrame], people: People, rng: np.random.Generator
) -> tuple[dict[str, bytes], list[Aside]]:
    """Return the workbook, the seats of each product, the help desk's list and the other lists."""
    files = {"team_records.xlsx": workbook_bytes(_sheets(tables, people, rng))}
    for name in _LISTS:
        if len(tables[name]):
            files[f"{name}.csv"] = frame_bytes(written(tables[name]), line_end="\n")
    aside = []
    for product, seats in tables["licenses"].groupby("product_id"):
        files[f"seats_{product}.csv"], more = _seats(seats, tables, people, rng)
        aside += more
    if len(tables["support_log"]):
        files["help_desk.csv"] = _help_desk(tables["support_log"], people, rng)
    return files, none_aside(aside)


def _sheets(tables, people: People, rng) -> dict[str, list[list]]:
    sheets = {"Read me": [["Kept by the pilot's team (invented). One sheet for each list."]]}
    schools = tables["schools"].assign(notes="").rename(columns=_SCHOOLS)
    schools["Point person?"] = schools["Point person?"].map({True: "Yes", False: "No"})
    sheets["Schools"] = _values(schools, rng)
    names = people.teachers.loc[tables["teachers"]["teacher_id"]]
    teachers = tables["teachers"].rename(columns=_TEACHERS)
    teachers["Role"] = teachers["Role"].map(_ROLES)
    # The same person is written in different ways, and two people in the same.
    teachers.insert(1, "Teacher name", (names["family"] + ", " + names["given"]).to_numpy())
    sheets["Teachers"] = _values(teachers, rng)
    for name in _SHEETS:
        if len(tables[name]):
            sheets[name.capitalize()] = _values(tables[name], rng)
    return sheets


def _values(frame: pd.DataFrame, rng) -> list[list]:
    """Return rows of what Excel holds: numbers, days, true and false; gaps in several ways."""
    columns = []
    for name in frame:
        column = frame[name]
        values = [_value(value) for value in column]
        gaps = rng.choice(["", "NA", "N/A"], len(values))
        columns.append([str(gap) or None if value is None else value
                        for value, gap in zip(values, gaps, strict=True)])  # fmt: skip
    return [list(frame), *map(list, zip(*columns, strict=True))]


def _value(value):
    if pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.to_pydatetime()
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value.item() if isinstance(value, np.generic) else value


def _seats(seats: pd.DataFrame, tables, people: People, rng) -> tuple[bytes, list[Aside]]:
    """Return one product's list of seats, with the rows of a page that was pasted twice."""
    frame = pd.DataFrame(
        {
            "Student": seats["student_id"].map(people.students["family"] + ", "
                                               + people.students["given"]),
            "Student ID": seats["student_id"],
            "Seat Assigned": american(seats["begin"]),
            "Seat Ends": american(seats["end"]),
            "Weekly Goal (min)": seats["target_minutes_per_week"].map("{:g}".format),
            "Seat Type": "Annual",
        }
    )  # fmt: skip
    known = frame[frame["Student ID"].isin(tables["students"]["student_id"])]
    twice = some(known, _REPEATED_SEATS, rng)
    aside = [
        Aside("licenses", "rows", "the same as an earlier row", len(twice)),
        Aside("licenses", "rows", UNKNOWN, off_the_roster(frame["Student ID"], tables)),
    ]
    return frame_bytes(pd.concat([frame, twice]), encoding="utf-8-sig"), aside


def _help_desk(log: pd.DataFrame, people: People, rng) -> bytes:
    """Return the help desk's list: semicolons, Windows' own encoding, days as MM/DD/YYYY."""
    who = people.teachers.reindex(log["teacher_id"])
    frame = log.rename(columns=_HELP)
    frame["Opened"], frame["Resolved"] = american(log["opened_at"]), american(log["resolved_at"])
    frame["Resolved"] = missing_as(frame["Resolved"], ("", "-", "NA"), rng)
    frame["Product"] = frame["Product"].str.capitalize()
    frame["Requester e-mail"] = who["email"].to_numpy()
    frame["Requester name"] = (who["given"] + " " + who["family"]).to_numpy()
    frame["Days open"] = ""
    return frame_bytes(frame, delimiter=";", encoding="cp1252")
