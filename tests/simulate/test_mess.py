"""The exports look like the real ones: their headers, their marks, and everything in the way."""

import csv
import io
import zipfile

import pytest
from openpyxl import load_workbook

from pilot_analysis.simulate import simulate_pilot
from pilot_analysis.simulate.exports import write_exports


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exports")
    write_exports(simulate_pilot(seed=4, n_schools=10, students_per_class=4), folder)
    return folder


def member(folder, archive, name=None):
    with zipfile.ZipFile(folder / archive) as packed:
        (only,) = [name] if name else packed.namelist()
        return packed.read(only)


def rows(data, delimiter=",", encoding="utf-8"):
    text = io.StringIO(data.decode(encoding), newline="")
    return list(csv.DictReader(text, delimiter=delimiter))


def test_the_roster_is_a_package_with_deleted_rows_aides_and_lists_in_cells(folder):
    manifest = {r["propertyName"]: r["value"]
                for r in rows(member(folder, "oneroster.zip", "manifest.csv"))}  # fmt: skip
    assert manifest["oneroster.version"] == "1.1"
    with zipfile.ZipFile(folder / "oneroster.zip") as archive:
        members = {name.removesuffix(".csv") for name in archive.namelist()} - {"manifest"}
    assert {name for name, how in manifest.items() if how == "delta"} == {
        f"file.{name}" for name in members
    }
    orgs = rows(member(folder, "oneroster.zip", "orgs.csv"))
    assert {"district", "school"} == {org["type"] for org in orgs}
    assert len({org["name"] for org in orgs}) < len(orgs), "a name is not a key"
    users = member(folder, "oneroster.zip", "users.csv")
    assert users.count(b"\r\n") == len(rows(users)) + 1
    people = rows(users)
    assert {"student", "teacher", "aide", "administrator"} == {p["role"] for p in people}
    assert {"active", "tobedeleted"} == {p["status"] for p in people}
    assert any("," in p["orgSourcedIds"] for p in people if p["role"] == "student")
    teachers = [(p["givenName"], p["familyName"]) for p in people if p["role"] == "teacher"]
    assert len(set(teachers)) < len(teachers), "teachers share a name"
    assert all(p["email"].endswith(".example.org") for p in people)
    titles = [c["title"] for c in rows(member(folder, "oneroster.zip", "classes.csv"))]
    assert any("," in title and '"' in title for title in titles)


def test_nwea_has_a_file_a_term_with_tests_that_do_not_count(folder):
    spring = rows(member(folder, "nwea_map_spring.zip"))
    assert len(spring[0]) == 143
    assert {"TRUE", "FALSE"} == {r["GrowthMeasureYN"] for r in spring}
    assert {"Language Arts", "Science"} == {r["Subject"] for r in spring}
    assert {"Yes", "No"} < {r["FallToSpringMetProjectedGrowth"] for r in spring}
    assert any(r["TestRITScore"] == "" for r in spring)
    assert any("-" in r["Goal1Range"] for r in spring)
    assert {"", "NA"} <= {r["RapidGuessingPercentage"] for r in spring}


def test_iready_has_a_mark_rushed_tests_and_american_days(folder):
    data = member(folder, "iready_diagnostic_math.zip")
    assert data.startswith(b"\xef\xbb\xbf")
    tests = rows(data, encoding="utf-8-sig")
    assert {"", "Yellow Rush Flag", "Red Rush Flag"} == {r["Rush Flag"] for r in tests}
    assert {"Y", "N"} == {r["Baseline Diagnostic (Y/N)"] for r in tests}
    days = {r["Completion Date"] for r in tests}
    assert "" in days
    assert "11/19/2025" in days
    assert any(";" in r["Class(es)"] for r in tests), "who moved is in two classes"


@pytest.mark.parametrize("wave", ["fall", "winter"])
def test_qualtrics_has_three_headers_previews_and_what_says_who_it_was(folder, wave):
    text = (folder / f"qualtrics_teachers_{wave}.csv").read_text(encoding="utf-8")
    records = list(csv.reader(io.StringIO(text, newline="")))
    assert len({len(record) for record in records}) == 1
    assert records[0].count("Q14") == (2 if wave == "winter" else 1)
    assert records[2][0] == '{"ImportId":"startDate"}'
    responses = [dict(zip(records[2], record, strict=True)) for record in records[3:]]
    assert {"IP Address", "Survey Preview"} == {r['{"ImportId":"status"}'] for r in responses}
    assert {"True", "False"} == {r['{"ImportId":"finished"}'] for r in responses}
    addresses = {r['{"ImportId":"ipAddress"}'] for r in responses}
    assert all(address.startswith("192.0.2.") for address in addresses - {""})
    assert len(addresses) > 1
    assert "Strongly agree" in {r['{"ImportId":"QID3_1"}'] for r in responses}


def test_the_form_has_questions_as_headers_and_a_column_without_a_name(folder):
    with (folder / "google_forms_teachers_spring.csv").open(encoding="utf-8", newline="") as file:
        header, *responses = csv.reader(file)
    assert header[0] == "Timestamp"
    assert header[-1] == ""
    assert "How much do you agree? [I can assign lessons quickly.]" in header
    codes = [response[1] for response in responses]
    assert len(set(codes)) < len(codes), "somebody answered twice"


def test_the_help_desk_writes_as_windows_does_with_semicolons(folder):
    data = (folder / "help_desk.csv").read_bytes()
    with pytest.raises(UnicodeDecodeError):
        data.decode("utf-8")
    contacts = rows(data, ";", "cp1252")
    assert {"", "-", "NA"} & {r["Resolved"] for r in contacts}
    assert all("@staff.example.org" in r["Requester e-mail"] for r in contacts)


def test_the_workbook_has_a_sheet_for_each_list_and_gaps_in_several_ways(folder):
    book = load_workbook(folder / "team_records.xlsx")
    assert book.sheetnames == [
        "Read me", "Schools", "Teachers", "Products", "Goals", "Whys", "Decisions", "Calendar",
    ]  # fmt: skip
    cells = {cell for row in book["Teachers"].iter_rows(values_only=True) for cell in row}
    assert {None, "NA", "N/A", "Point person"} <= cells
    assert book["Calendar"]["B2"].is_date
