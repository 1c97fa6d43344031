"""What says who somebody is never reaches a clean table."""

import time

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilot_analysis.errors import DataError
from pilot_analysis.ingest.formats import formats
from pilot_analysis.ingest.names import Redactor
from pilot_analysis.ingest.privacy import private_kind
from pilot_analysis.pilot import load_pilot

ROSTER = {
    "smith", "grace", "garcía", "o'neil", "will", "may", "hope", "young", "an", "nguyen", "de",
    "la", "cruz", "jones", "mary", "ann", "zimmer", "don", "hill", "müller", "anna",
}  # fmt: skip


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("Last Name", "last_names"), ("lname", "last_names"), ("LAST_NAME", "last_names"),
        ("givenName", "first_names"), ("E-Mail Address", "contacts"), ("IPAddress", "places"),
        ("date_of_birth", "birth_dates"), ("password", "secrets"), ("Student ID", ""),
        ("School", ""), ("Lesson Name", ""),
        # every private header of formats.md
        ("StudentLastName", "last_names"), ("StudentFirstName", "first_names"),
        ("StudentMI", "other_names"), ("StudentDateOfBirth", "birth_dates"),
        ("User Name", "contacts"), ("Class Teacher(s)", "whole_names"), ("fname", "first_names"),
        ("username", "contacts"), ("staff", "whole_names"), ("middleName", "other_names"),
        ("familyName", "last_names"), ("email", "contacts"), ("sms", "contacts"),
        ("phone", "contacts"), ("preferredGivenName", "first_names"),
        ("preferredMiddleName", "other_names"), ("preferredFamilyName", "last_names"),
        ("birthDate", "birth_dates"), ("RecipientLastName", "last_names"),
        ("RecipientFirstName", "first_names"), ("RecipientEmail", "contacts"),
        ("LocationLatitude", "places"), ("LocationLongitude", "places"),
        # and others of their kind
        ("Parent/Guardian 1 Email", "contacts"), ("Student Last Name (legal)", "last_names"),
        ("guardian_phone_number", "contacts"), ("Apellido", ""), ("Correo electrónico", "contacts"),
        ("Student DOB", "birth_dates"), ("Primary Teacher Name", "whole_names"),
        ("name.last", "last_names"), ("Social Security Number", "secrets"),
        # what only sounds like it
        ("School Full Name", ""), ("Last Week Start Date", ""), ("First Lesson Date", ""),
        ("How useful was it to tell parents by email", ""), ("Do you read our email?", ""),
        ("Headphone", ""), ("class_names", ""), ("name", ""), ("Student Grade", ""),
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
        ("The smith lesson on page 101", "The [name] lesson on page 101"),
        # accents, apostrophes, hyphens, possessives, two words
        ("Garcia, garcía and Garci\u0301a", "[name], [name] and [name]"),
        ("O’Neil's, ONEIL and O'Neils", "[name]'s, [name] and [name]"),
        ("Smith-Jones and Smith Jones", "[name]-[name] and [name] [name]"),
        ("Mary Ann Zimmer", "[name] [name] [name]"),
        ("Maria De la Cruz, MUELLER, Müllers", "Maria [name] la [name], MUELLER, [name]"),
        ("the Zimmers and zimmer's dog; l'Anna", "the [name] and [name]'s dog; l'[name]"),
        # names that are everyday words too: a capital, a title or a name behind them decides
        (
            "Will this stay? It will, we hope. It may.",
            "[name] this stay? It will, we hope. It may.",
        ),
        ("ask ms young, will smith or Hope", "ask ms [name], [name] [name] or [name]"),
        ("An app and a young hill, don't. Don't!", None),
        ("An Nguyen and An. An end", "[name] [name] and [name]. An end"),
        ("THE APP IS DE LA CRUZ", "THE APP IS DE LA [name]"),
        # telephones
        ("555-0123, 615.555.0123, 1-800-555-0199 x4", "[telephone], [telephone], [telephone] x4"),
        ("+44 (0)20 7946 0958, +33 1 23 45 67 89", "[telephone], [telephone]"),
        ("tel615–555–0123ext or 6155550123", "tel[telephone]ext or [telephone]"),
        ("o'brien%x@mail.example.org, a@b.co!", "[e-mail], [e-mail]!"),
        ("On 2025-10-06 09:15 or 10/06/2025, 12 of 30", None),
    ],
)
def test_comments_lose_names_addresses_and_numbers_and_nothing_else(comment, expected):
    assert Redactor(ROSTER).redact(comment) == (expected or comment)


def test_a_long_comment_is_read_once():
    start = time.process_time()
    for piece in ("a", "1 ", "1", "smith ", "a.", "'a", "(1", "a@", "Mrs. ", "a\u0301"):
        Redactor(ROSTER).redact(piece * (131_000 // len(piece)))
    assert time.process_time() - start < 10


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


WHOLE = """
[pilot]
id = "all"
title = "All"

[privacy]
pseudonyms = true

[sources]
schools = {{ file = "schools.csv" }}
students = {{ file = "students.csv", columns = {{ student_id = "{student}" }} }}
assignments = {{ file = "assignments.csv" }}
products = {{ file = "products.csv" }}
usage = {{ file = "usage.csv" }}
assessments = {{ file = "tests.csv", columns = {{ taken_on = "taken_on" }} }}

[sources.survey_responses]
file = "survey.csv"
format = "survey"
columns = {{ respondent_id = "{student}" }}
templates = {{ response_id = "{{{student}}}-fall" }}
values = {{ wave = "fall", respondent_role = "student", school_id = "S1" }}
items = {{ comment = "Else?" }}

[items.comment]
question = "Else?"
kind = "comment"

[design]
assigned_unit = "student"
"""
PEOPLE = [
    (f"stu{n}x@pupils.example.org", f"Qzimmer{'abc'[n - 1]}", f"{n}9.7.45.1{n}") for n in (1, 2, 3)
]
RAW_IDS = ("pupils.example.org", "stu1x", "Qzimmer", "9.7.45", "2014-05-06", "hunter2")


@pytest.fixture
def whole_pilot(tmp_path):
    """Folder of a pilot with private columns in every file, whose clean tables are kept."""
    folder = tmp_path / "data" / "raw" / "all"
    folder.mkdir(parents=True)
    ids = [person[0] for person in PEOPLE]
    files = {
        "schools": ["school_id,name", "S1,North"],
        "products": ["product_id,name", "app,The App"],
        "students": ["User Name,school_id,DOB,Password",
                     *(f"{i},S1,2014-05-06,hunter2" for i in ids)],
        "assignments": ["unit,unit_id,window,arm", *(f"student,{i},fall,a" for i in ids)],
        "usage": ["student_id,product_id,period_start,period,minutes",
                  *(f"{i},app,2025-10-06,week,{n}" for n, i in enumerate([*ids, "gone@x.org"]))],
        "tests": ["student_id,outcome_id,window,taken_on,score,StudentLastName",
                  *(f"{i},math,fall,2025-10-06,200,{name}" for i, name, _ in PEOPLE)],
        "survey": ["User Name,IPAddress,Else?",
                   *(f"{i},{ip},{name} said: mail {i}" for i, name, ip in PEOPLE)],
    }  # fmt: skip
    for name, lines in files.items():
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")
    (folder / "pilot.toml").write_text(WHOLE.format(student="User Name"))
    return folder


def everything_of(pilot, folder, capfd):
    """Return what a pilot and the folder that it is kept in hold, as text."""
    kept = sorted((folder.parents[1] / "clean").rglob("*.*"))
    parquet = [path for path in kept if path.suffix == ".parquet"]
    assert len(parquet) == len(pilot.tables)
    texts = [path.read_bytes().decode("latin-1") for path in kept]
    texts += [pd.read_parquet(path).to_csv() for path in parquet]
    texts += [frame.to_csv() for frame in (*pilot.tables.values(), pilot.ledger, pilot.files)]
    return "\n".join([*texts, repr(pilot), *capfd.readouterr()])


def test_nothing_private_is_kept_anywhere(whole_pilot, capfd):
    pilot = load_pilot(whole_pilot)
    held = everything_of(pilot, whole_pilot, capfd)
    assert not [text for text in RAW_IDS if text in held]
    assert list(pilot.table("survey_responses")["text"]) == ["[name] said: mail [e-mail]"] * 3
    people = set(pilot.table("students")["student_id"])
    assert len(people) == 3
    assert people == set(pilot.table("assignments")["unit_id"])
    assert people == set(pilot.table("assessments")["student_id"])
    assert people == set(pilot.table("survey_responses")["respondent_id"])
    assert people == set(pilot.table("usage")["student_id"])
    aside = pilot.ledger.query("step == 'set aside'")
    assert aside[["table", "rows"]].to_numpy().tolist() == [["usage", 1]]


def test_the_key_of_the_pseudonyms_is_its_owners_and_is_nowhere_else(whole_pilot, tmp_path):
    load_pilot(whole_pilot)
    key = tmp_path / "key"
    assert key.stat().st_mode & 0o777 == 0o600
    inside = [path for path in (tmp_path / "data").rglob("*") if path.is_file()]
    assert inside
    assert not [path for path in inside if key.read_bytes().strip() in path.read_bytes()]


def test_names_of_every_file_are_taken_out_though_it_was_kept(whole_pilot):
    load_pilot(whole_pilot)
    survey = whole_pilot / "survey.csv"
    survey.write_text(survey.read_text().replace("said", "says"))
    texts = load_pilot(whole_pilot).table("survey_responses")["text"]
    assert list(texts) == ["[name] says: mail [e-mail]"] * 3


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("students.csv", "stu1x@", "=cmd|' /C calc'!stu1x@", "the cell is a formula"),
        ("tests.csv", "stu1x@", "=cmd|' /C calc'!stu1x@", "the cell is a formula"),
        ("students.csv", "stu2x@", "stu1x@", "stands here and in students.csv, row 2"),
        ("tests.csv", "stu2x@", "stu1x@", "stands here and in tests.csv, row 2"),
    ],
)
def test_messages_do_not_tell_an_id_that_is_a_pseudonym(whole_pilot, file, old, new, told):
    path = whole_pilot / file
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(DataError) as caught:
        load_pilot(whole_pilot)
    assert told in str(caught.value)
    assert not [text for text in RAW_IDS if text in str(caught.value)]


def test_pseudonyms_tell_ids_apart_that_differ_in_case_alone(whole_pilot):
    for path in whole_pilot.glob("*.csv"):
        path.write_text(path.read_text().replace("stu2x", "STU1X"))
    assert load_pilot(whole_pilot).table("students")["student_id"].nunique() == 3


def test_an_address_is_refused_under_any_header(whole_pilot):
    toml = WHOLE.format(student="Code").replace("pseudonyms = true", "pseudonyms = false")
    (whole_pilot / "pilot.toml").write_text(toml)
    for path in whole_pilot.glob("*.csv"):
        path.write_text(path.read_text().replace("User Name", "Code"))
    with pytest.raises(DataError) as caught:
        load_pilot(whole_pilot)
    assert 'students.csv, row 2, column "Code": is an e-mail address' in str(caught.value)
    assert "pseudonyms = true under [privacy]" in str(caught.value)
    assert "stu1x" not in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('respondent_id = "User Name"', 'product_id = "User Name"', "kept as product_id. Use"),
        ('items = { comment = "Else?" }', 'items = { comment = "Name" }', '"Name" (whole names)'),
        (
            "[design]",
            '[groups.DOB]\nlabel = "x"\nreference_label = "y"\n[design]',
            '"DOB" (birth dates)',
        ),
    ],
)
def test_private_columns_are_refused_whatever_they_would_become(whole_pilot, old, new, told):
    toml = (whole_pilot / "pilot.toml").read_text()
    assert old in toml
    (whole_pilot / "pilot.toml").write_text(toml.replace(old, new))
    survey = whole_pilot / "survey.csv"
    survey.write_text(survey.read_text().replace("Else?", "Name"))
    with pytest.raises(DataError) as caught:
        load_pilot(whole_pilot)
    assert told in str(caught.value)
    assert "who somebody is" in str(caught.value)


def test_redaction_changes_comments_and_nothing_else(small_pilot):
    redacted = load_pilot(small_pilot).table("survey_responses")
    toml = small_pilot / "pilot.toml"
    toml.write_text(toml.read_text() + "\n[privacy]\nredact_comments = false\n")
    as_written = load_pilot(small_pilot).table("survey_responses")
    assert as_written["value"].notna().any()
    pd.testing.assert_frame_equal(redacted.drop(columns="text"), as_written.drop(columns="text"))


def test_no_alias_of_a_format_is_a_private_column():
    for form in formats().values():
        for table in form.tables.values():
            names = [name for aliases in table.columns.values() for name in aliases]
            assert not [name for name in names if private_kind(name)], form.name
