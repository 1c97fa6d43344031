"""The clean tables: names, keys, columns, units and rules, from which pandera schemas are made."""

from dataclasses import dataclass, field
from functools import cache
from typing import Literal

import pandera.pandas as pa

__all__ = ["TABLES", "Field", "Kind", "Table", "data_dictionary", "pandera_schema"]

Kind = Literal["id", "text", "number", "whole", "flag", "date"]

_DTYPES = {
    "id": "str",
    "text": "str",
    "number": "float64",
    "whole": "Int64",
    "flag": "boolean",
    "date": "datetime64[us]",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a clean table.

    Attributes
    ----------
    name, description : str
        `description` gives the unit.
    kind : {"id", "text", "number", "whole", "flag", "date"}
        Ids are strings, never numbers; "whole" is a whole number that may be missing.
    required : bool
        The source must have the column, and every row a value.
    low, high : float or None
        Range, both ends included.
    choices : tuple of str
        The only values allowed, if any are named.
    references : str
        Table whose key this id must be found in.
    unknown : {"refuse", "set aside"}
        What happens to a row whose reference is not found: the load stops, or the row is set
        aside and counted in the reconciliation ledger.
    """

    name: str
    kind: Kind
    description: str
    required: bool = False
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    references: str = ""
    unknown: Literal["refuse", "set aside"] = "refuse"


@dataclass(frozen=True, slots=True)
class Table:
    """One clean table: its key and its columns."""

    name: str
    description: str
    key: tuple[str, ...]
    fields: tuple[Field, ...]
    by_name: dict[str, Field] = field(init=False, repr=False, compare=False)

    def __post_init__(self):
        object.__setattr__(self, "by_name", {f.name: f for f in self.fields})


def _id(name, description, required=True, references="", unknown="refuse"):
    return Field(name, "id", description, required, references=references, unknown=unknown)


def _school(required=True):
    return _id("school_id", "School, as in `schools`.", required, "schools")


def _student():
    return _id("student_id", "Student, as in `students`.", True, "students", "set aside")


def _teacher(required=False):
    return _id("teacher_id", "Teacher, as in `teachers`.", required, "teachers", "set aside")


def _product(required=False):
    return _id("product_id", "Product, as in `products`.", required, "products")


def _text(name, description, required=False, choices=()):
    return Field(name, "text", description, required, choices=tuple(choices))


def _number(name, description, low=None, high=None, required=False):
    return Field(name, "number", description, required, low, high)


def _whole(name, description, low=None, high=None, required=False):
    return Field(name, "whole", description, required, low, high)


def _flag(name, description):
    return Field(name, "flag", description)


def _date(name, description, required=False):
    return Field(name, "date", description, required)


_ALL = (
    Table(
        "schools",
        "One row per school in the pilot.",
        ("school_id",),
        (
            _id("school_id", "School."),
            _text("name", "Name as printed in the brief.", required=True),
            _id("district_id", "District.", required=False),
            _text("locale", "Locale, for instance city, suburb, town or rural."),
            _whole("teachers_invited", "Teachers who were asked to take part (people).", 0),
            _number(
                "principal_support",
                "Principal's support as the team rated it (1 low, 4 high).",
                1,
                4,
            ),
            _flag("point_person", "Whether a point person was named."),
        ),
    ),
    Table(
        "teachers",
        "One row per teacher in the pilot.",
        ("teacher_id",),
        (
            _id("teacher_id", "Teacher."),
            _school(),
            _text("role", "Role in the pilot.", choices=("teacher", "point_person", "coach")),
            _flag("volunteered", "Whether the teacher volunteered (rather than being assigned)."),
            _number("motivation", "Motivation at the start (1 low, 5 high).", 1, 5),
            _number("years_experience", "Teaching experience (years).", 0, 70),
        ),
    ),
    Table(
        "students",
        "One row per student on a roster; groups are the columns the config names.",
        ("student_id",),
        (
            _id("student_id", "Student (a pseudonym, never a name)."),
            _school(),
            _text("grade", "Grade at the start."),
            _text("sex", "Sex as recorded."),
            _text("race_ethnicity", "Race or ethnicity as recorded."),
            _flag("english_learner", "English learner."),
            _flag("disability", "Student with a disability."),
            _flag("economically_disadvantaged", "Economically disadvantaged."),
        ),
    ),
    Table(
        "enrollments",
        "Who was in which class, with whom.",
        ("student_id", "class_id", "teacher_id"),
        (
            _student(),
            _id("class_id", "Class."),
            _teacher(required=True),
            _school(),
            _text("subject", "Subject of the class."),
            _number("weight", "Share of the student's time (co-taught: weights sum to 1).", 0, 1),
            _date("begin", "First day."),
            _date("end", "Last day."),
        ),
    ),
    Table(
        "assignments",
        "What each unit was assigned to.",
        ("unit", "unit_id", "window"),
        (
            _text("unit", "Level that was assigned.", True, ("student", "class", "school")),
            _id("unit_id", "The student, class or school."),
            _text(
                "window",
                "Period the assignment holds for, as an outcome's `assignment_window`.",
                True,
            ),
            _text("arm", "One of the config's arms.", True),
            _product(),
            _flag("randomized", "Whether chance decided."),
            _id(
                "block",
                "Block within which units were assigned (often the school).",
                required=False,
            ),
        ),
    ),
    Table(
        "products",
        "One row per product (or other intervention).",
        ("product_id",),
        (
            _id("product_id", "Product."),
            _text("name", "Name as printed.", required=True),
            _text("subject", "Subject."),
            _text("objective", "What the product is meant to do."),
            _number(
                "recommended_minutes_per_week",
                "Vendor's recommended use (minutes a week).",
                0,
                3600,
            ),
            _number("cost_per_license", "Price of a license (local currency).", 0),
        ),
    ),
    Table(
        "licenses",
        "Who held a license.",
        ("product_id", "student_id"),
        (
            _product(True),
            _student(),
            _number(
                "target_minutes_per_week", "The student's own target (minutes a week).", 0, 3600
            ),
            _date("begin", "First day."),
            _date("end", "Last day."),
        ),
    ),
    Table(
        "goals",
        "A school's learning goals, set before the product.",
        ("school_id", "goal_id"),
        (
            _school(),
            _id("goal_id", "Goal."),
            _whole("priority", "Rank (1 = first).", 1),
            _text("objective", "The goal in the school's words."),
            _id("outcome_id", "Outcome that measures it, as in the config.", required=False),
            _product(),
            _number(
                "alignment", "How well the product serves the goal (1 not at all, 4 fully).", 1, 4
            ),
            _text("rater", "Who rated the alignment (a role, not a name)."),
        ),
    ),
    Table(
        "whys",
        "Why a school took part, stated before it started.",
        ("school_id", "why_id"),
        (
            _school(),
            _id("why_id", "Reason."),
            _text(
                "kind",
                "Kind of reason.",
                True,
                (
                    "achievement_gap",
                    "equity_gap",
                    "growth",
                    "engagement",
                    "readiness",
                    "pain_point",
                    "shadow",
                ),
            ),
            _text("statement", "The reason in the school's words.", required=True),
            _id("outcome_id", "Outcome or survey scale it was grounded in.", required=False),
            _text("group", "Group column of `students` that it speaks of."),
            _text("reference_group", "Group column to compare with; blank: everyone else."),
            _date("stated_on", "Day on which it was stated."),
        ),
    ),
    Table(
        "assessments",
        "One row per student, test and window.",
        ("student_id", "outcome_id", "window"),
        (
            _student(),
            _id("outcome_id", "Assessment, as an outcome's `assessment` in the config."),
            _text("window", "Testing window.", required=True),
            _number("score", "Scale score (points of the test)."),
            _number("standard_error", "Standard error of the score (points).", 0),
            _number("percentile", "National percentile (1 to 99).", 0, 100),
            _number("typical_growth", "Growth typical of students who start there (points)."),
            _flag("met_growth", "Whether typical growth was met."),
            _date("taken_on", "Day of the test."),
            _school(required=False),
        ),
    ),
    Table(
        "usage",
        "Time on the product per student and period.",
        ("student_id", "product_id", "period_start"),
        (
            _student(),
            _product(True),
            _date("period_start", "First day of the period.", required=True),
            _text("period", "Length of the period.", True, ("week", "month")),
            _number("minutes", "Time on task (minutes in the period).", 0, 44640),
            _whole("sessions", "Sessions (count).", 0),
            _whole("lessons_attempted", "Lessons attempted (count).", 0),
            _whole("lessons_passed", "Lessons passed (count).", 0),
        ),
    ),
    Table(
        "calendar",
        "Terms, holidays and testing.",
        ("scope_id", "begin"),
        (
            _id("scope_id", "School or district."),
            _date("begin", "First day.", required=True),
            _date("end", "Last day.", required=True),
            _text("kind", "What it is.", True, ("term", "holiday", "testing")),
        ),
    ),
    Table(
        "survey_responses",
        "One row per answer.",
        ("response_id", "item_id"),
        (
            _id("response_id", "One filled-in survey."),
            _id("item_id", "Item, as in the config's `items`."),
            _id("survey_id", "Survey."),
            _text("wave", "Wave of the survey, in order.", required=True),
            _id("respondent_id", "Person who answered (a pseudonym).", required=True),
            _text(
                "respondent_role",
                "Role.",
                True,
                ("teacher", "student", "principal", "point_person"),
            ),
            _school(),
            _product(),
            _date("answered_on", "Day of the answer."),
            _number("value", "Answer on the item's scale."),
            _text("text", "Answer in words."),
        ),
    ),
    Table(
        "observations",
        "One row per rating of an observed lesson.",
        ("observation_id", "rater_id", "item_id"),
        (
            _id("observation_id", "One lesson observed."),
            _id("rater_id", "Observer (a pseudonym)."),
            _id("item_id", "Item, as in the config's `items`."),
            _school(),
            _teacher(),
            _id("class_id", "Class.", required=False),
            _product(),
            _date("observed_on", "Day."),
            _number("value", "Rating on the item's scale."),
            _number("value_low", "Lower end, where the rating is a band."),
            _number("value_high", "Upper end, where the rating is a band."),
        ),
    ),
    Table(
        "support_log",
        "One row per contact for help.",
        ("contact_id",),
        (
            _id("contact_id", "Contact."),
            _school(),
            _teacher(),
            _product(),
            _date("opened_at", "When it was opened.", required=True),
            _date("resolved_at", "When it was resolved; blank: still open."),
            _text("channel", "How it came.", True, ("email", "phone", "point_person", "visit")),
            _text("topic", "What it was about."),
        ),
    ),
    Table(
        "professional_development",
        "One row per session and teacher present.",
        ("session_id", "teacher_id"),
        (
            _id("session_id", "Session."),
            _teacher(required=True),
            _school(),
            _date("held_on", "Day.", required=True),
            _number("hours", "Length (hours).", 0, 24, required=True),
            _product(),
        ),
    ),
    Table(
        "decisions",
        "What the school decided at the end.",
        ("school_id", "product_id"),
        (
            _school(),
            _product(True),
            _text("decision", "The decision.", True, ("continue", "change", "stop", "undecided")),
            _date("decided_on", "Day."),
            _text("reason", "Reason in the school's words."),
        ),
    ),
    Table(
        "shadow_days",
        "A student's day, minute by minute.",
        ("shadow_id", "begin"),
        (
            _id("shadow_id", "One day with one student (a pseudonym)."),
            _school(),
            _text("grade", "Grade."),
            _text("group", "Group."),
            _date("begin", "Start of the activity.", required=True),
            _number("minutes", "Length (minutes).", 0, 720, required=True),
            _text("activity", "What the student did.", required=True),
            _flag("engaged", "Whether the student was engaged."),
        ),
    ),
    Table(
        "member_checks",
        "What the team said about the draft.",
        ("school_id", "finding_id", "respondent_id"),
        (
            _school(),
            _id("finding_id", "Finding of the draft."),
            _id("respondent_id", "Person who answered (a pseudonym)."),
            _text("response", "The response.", True, ("agree", "dispute", "add")),
            _text("text", "In their words."),
            _date("on", "Day."),
        ),
    ),
)

TABLES: dict[str, Table] = {table.name: table for table in _ALL}


@cache
def pandera_schema(name: str) -> pa.DataFrameSchema:
    """Return the pandera schema of one clean table.

    Parameters
    ----------
    name : str
        A key of `TABLES`.

    Returns
    -------
    pandera.pandas.DataFrameSchema
        Validate with ``lazy=True`` to collect every failure. Columns that the table does not
        declare are refused, except in `students`, which may hold further group columns.
    """
    table = TABLES[name]
    columns = {}
    for item in table.fields:
        checks = []
        if item.choices:
            checks.append(pa.Check.isin(item.choices))
        if item.low is not None:
            checks.append(pa.Check.ge(item.low))
        if item.high is not None:
            checks.append(pa.Check.le(item.high))
        columns[item.name] = pa.Column(
            _DTYPES[item.kind],
            checks,
            nullable=not (item.required or item.name in table.key),
            required=item.required or item.name in table.key,
            description=item.description,
        )
    return pa.DataFrameSchema(
        columns,
        unique=list(table.key),
        strict=name != "students",
        name=name,
        description=table.description,
    )


def data_dictionary() -> str:
    """Return ``docs/data_dictionary.md``, generated from `TABLES`."""
    lines = [
        "# Data dictionary",
        "",
        "Generated from `pilot_analysis/schema.py` by `pilot dictionary`; do not edit by hand.",
        "Ids are text, never numbers. Every table but `schools` is optional: what is missing is",
        'reported as "not collected". A row whose student or teacher is not on the roster is set',
        "aside and counted; an unknown school or product stops the load.",
    ]
    for table in _ALL:
        lines += [
            "",
            f"## {table.name}",
            "",
            table.description,
            "",
            f"Key: {', '.join(f'`{k}`' for k in table.key)}.",
            "",
            "| column | kind | needed | rule | meaning |",
            "|---|---|---|---|---|",
        ]
        for item in table.fields:
            needed = "yes" if item.required or item.name in table.key else ""
            lines.append(
                f"| `{item.name}` | {item.kind} | {needed} | {_rule(item)} | {item.description} |"
            )
    return "\n".join(lines) + "\n"


def _rule(item: Field) -> str:
    if item.choices:
        return "one of " + ", ".join(item.choices)
    if item.references:
        return f"in `{item.references}`; otherwise {item.unknown}"
    bounds = [
        f"at least {item.low:g}" if item.low is not None else "",
        f"at most {item.high:g}" if item.high is not None else "",
    ]
    return ", ".join(b for b in bounds if b)
