"""What says who somebody is never reaches a clean table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilot_analysis.errors import DataError
from pilot_analysis.ingest.privacy import Redactor, private_kind
from pilot_analysis.pilot import load_pilot

ROSTER = {"smith", "grace", "garcía", "o'neil"}


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("Last Name", "last_names"), ("lname", "last_names"), ("LAST_NAME", "last_names"),
        ("givenName", "first_names"), ("E-Mail Address", "contacts"), ("IPAddress", "places"),
        ("date_of_birth", "birth_dates"), ("password", "secrets"), ("Student ID", ""),
        ("School", ""), ("Lesson Name", ""),
    ],
)  # fmt: skip
def test_private_columns_are_known_however_they_are_written(header, kind):
    assert private_kind(header) == kind


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        ("Ask Mrs. smith about it", "Ask Mrs. [name] about it"),
        ("Grace's class loved it, with grace", "[name]'s class loved it, with grace"),
        ("GARCÍA left", "[name] left"),
        ("Mr O'Neil said so", "Mr [name] said so"),
        ("Write to a.b+c@school.k12.tn.us.", "Write to [e-mail]."),
        ("Call (615) 555-0123 or +1 615 555 0123", "Call [telephone] or [telephone]"),
        ("In 2024-2025 we used it 3 times a week, 20-30 minutes", None),
        ("Lesson 12.3.4 took 45 minutes", None),
        ("The smith lesson on page 101", None),
    ],
)
def test_comments_lose_names_addresses_and_numbers_and_nothing_else(comment, expected):
    assert Redactor(ROSTER).redact(comment) == (expected or comment)


@given(st.text(max_size=60))
def test_no_name_of_the_roster_stays_with_its_capital(text):
    redacted = Redactor({"zebulon"}).redact(f"{text} Zebulon {text}")
    assert "Zebulon" not in redacted


PILOT = """
[pilot]
id = "who"
title = "Who"

[privacy]
pseudonyms = {pseudonyms}

[sources]
schools = {{ file = "schools.csv" }}
students = {{ file = "students.csv", format = "oneroster" }}

[sources.survey_responses]
file = "survey.csv"
format = "survey"
columns = {{ respondent_id = "{respondent}" }}
values = {{ wave = "1", respondent_role = "teacher", school_id = "S1" }}
items = {{ comment = "Anything else?" }}

[items.comment]
question = "Anything else?"
kind = "comment"
"""


@pytest.fixture
def pilot(tmp_path):
    """`pilot(respondent, pseudonyms)`: load a pilot whose roster and survey hold names."""

    def load(respondent="Code", pseudonyms="false"):
        toml = PILOT.format(respondent=respondent, pseudonyms=pseudonyms)
        toml = toml.replace('format = "oneroster"', 'columns = { student_id = "Student ID" }')
        (tmp_path / "pilot.toml").write_text(toml)
        (tmp_path / "schools.csv").write_text("school_id,name\nS1,North\n")
        (tmp_path / "students.csv").write_text(
            "Student ID,school_id,Last Name,First Name\n1,S1,Zimmer,Pat\n2,S1,Abel,Quin\n"
        )
        (tmp_path / "survey.csv").write_text(
            "Code,Email,Anything else?\n7,a@b.org,Pat Zimmer likes it (a@b.org)\n8,c@d.org,Good\n"
        )
        return load_pilot(tmp_path)

    return load


def test_a_comment_loses_the_names_of_the_roster(pilot):
    answers = pilot().table("survey_responses")
    assert list(answers["text"]) == ["[name] [name] likes it ([e-mail])", "Good"]


def test_an_address_is_an_id_only_as_a_pseudonym(pilot):
    with pytest.raises(DataError) as caught:
        pilot("Email")
    assert '"Email" (contacts) says who somebody is' in str(caught.value)
    assert "pseudonyms = true" in str(caught.value)
    answers = pilot("Email", "true").table("survey_responses")
    assert answers["respondent_id"].str.fullmatch("[0-9a-f]{16}").all()
    assert answers["respondent_id"].is_unique


def test_pseudonyms_are_the_same_in_every_table_and_run(pilot):
    first, second = pilot("Code", "true"), pilot("Code", "true")
    ids = first.table("students")["student_id"]
    assert list(ids) == list(second.table("students")["student_id"])
    assert not set(ids) & {"1", "2"}
    assert list(pilot().table("students")["student_id"]) == ["1", "2"]
