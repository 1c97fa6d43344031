"""A OneRoster package, in either version, gives schools, people, classes and demographics."""

import zipfile

import pytest

from pilot_analysis.errors import DataError
from pilot_analysis.pilot import load_pilot

TOML = """
[pilot]
id = "roster"
title = "A roster"

[sources]
schools = { file = "roster", format = "oneroster" }
teachers = { file = "roster", format = "oneroster" }
students = { file = "roster", format = "oneroster" }
enrollments = { file = "roster", format = "oneroster" }
"""
# The header lines are as long as the standard makes them.
# ruff: noqa: E501
ORGS = """sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId
D,active,,The district,district,,
S1,active,,North School,school,,D
S2,active,,South School,school,,D
S3,tobedeleted,,Closed School,school,,D
"""
USERS_1_1 = """sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,givenName,familyName,identifier,email,grades
t1,active,,true,"D,S1",teacher,tt,Terry,Teach,T-1,t@example.org,
t2,active,,true,S1,teacher,tu,Una,Unter,T-2,u@example.org,
a1,active,,true,S1,aide,aa,Al,Aide,,a@example.org,
p1,active,,true,S1,student,pp,Pat,Pupil,1001,p@example.org,04
p2,active,,true,S2,student,pq,Quin,Pupil,1002,q@example.org,05
p3,tobedeleted,,true,S2,student,pr,Ray,Pupil,1003,r@example.org,05
"""
USERS_1_2 = """sourcedId,status,dateLastModified,enabledUser,username,givenName,familyName,identifier,email,grades,primaryOrgSourcedId
t1,active,,true,tt,Terry,Teach,T-1,t@example.org,,S1
t2,active,,true,tu,Una,Unter,T-2,u@example.org,,
a1,active,,true,aa,Al,Aide,,a@example.org,,S1
p1,active,,true,pp,Pat,Pupil,1001,p@example.org,04,S1
p2,active,,true,pq,Quin,Pupil,1002,q@example.org,05,S2
p3,tobedeleted,,true,pr,Ray,Pupil,1003,r@example.org,05,S2
"""
ROLES = """sourcedId,status,dateLastModified,userSourcedId,roleType,role,orgSourcedId
r1,active,,t1,primary,teacher,S1
r2,active,,t2,primary,teacher,S1
r3,active,,a1,primary,aide,S1
r4,active,,p1,primary,student,S1
r5,active,,p2,primary,student,S2
r6,active,,p3,primary,student,S2
"""
DEMOGRAPHICS = """sourcedId,status,dateLastModified,birthDate,sex,asian,white,hispanicOrLatinoEthnicity
p1,active,,2015-02-03,female,true,true,false
p2,active,,2014-05-06,male,true,false,true
"""
CLASSES = """sourcedId,status,dateLastModified,title,grades,courseSourcedId,classType,schoolSourcedId,termSourcedIds,subjects
c1,active,,Mathematics 4,"04,05",k1,scheduled,S1,y,"mathematics,science"
c2,active,,Empty,05,k1,scheduled,S1,y,mathematics
"""
ENROLLMENTS = """sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate
e1,active,,c1,S1,p1,student,false,2025-08-20,2026-06-10
e2,active,,c1,S1,p2,student,false,2025-08-20,2026-06-10
e3,tobedeleted,,c1,S1,p3,student,false,2025-08-20,2026-06-10
e4,active,,c1,S1,t1,teacher,true,2025-08-20,2026-06-10
e5,active,,c1,S1,t2,teacher,false,2025-08-20,2026-06-10
e6,active,,c2,S1,p1,student,false,2025-08-20,2026-06-10
e7,active,,c1,S1,a1,aide,false,2025-08-20,2026-06-10
"""


@pytest.fixture
def package(tmp_path):
    """Folder of a pilot whose roster is a OneRoster 1.1 package."""
    (tmp_path / "pilot.toml").write_text(TOML)
    members = {
        "orgs": ORGS, "users": USERS_1_1, "demographics": DEMOGRAPHICS, "classes": CLASSES,
        "enrollments": ENROLLMENTS,
    }  # fmt: skip
    (tmp_path / "roster").mkdir()
    for name, text in members.items():
        (tmp_path / "roster" / f"{name}.csv").write_text(text)
    return tmp_path


def aside(pilot, table):
    lines = pilot.ledger[pilot.ledger["table"].eq(table) & pilot.ledger["step"].eq("set aside")]
    return dict(zip(lines["reason"], lines["rows"], strict=True))


def check(pilot):
    assert pilot.schools == ("S1", "S2")
    assert list(pilot.table("schools")["district_id"]) == ["D", "D"]
    assert list(pilot.table("teachers")["teacher_id"]) == ["t1", "t2"]
    assert list(pilot.table("teachers")["school_id"]) == ["S1", "S1"]
    students = pilot.table("students")
    assert list(students["student_id"]) == ["p1", "p2"]
    assert list(students["grade"]) == ["04", "05"]
    assert list(students["sex"]) == ["female", "male"]
    assert list(students["race_ethnicity"]) == ["Two or more races", "Hispanic or Latino"]
    classes = pilot.table("enrollments")
    assert list(classes[["student_id", "teacher_id"]].itertuples(index=False, name=None)) == [
        ("p1", "t1"), ("p1", "t2"), ("p2", "t1"), ("p2", "t2"),
    ]  # fmt: skip
    assert list(classes["weight"]) == [0.5] * 4
    assert set(classes["subject"]) == {"mathematics"}
    assert aside(pilot, "students") == {"tobedeleted": 1, "not a student": 3}
    assert aside(pilot, "schools") == {"tobedeleted": 1, "not a school": 1}
    assert aside(pilot, "enrollments") == {
        "tobedeleted": 1, "names the teacher of a class": 2, "neither student nor teacher": 1,
        "class without a teacher": 1,
    }  # fmt: skip


def test_version_1_1_says_the_role_in_users(package):
    check(load_pilot(package))


def test_version_1_2_says_the_role_in_roles(package):
    (package / "roster" / "users.csv").write_text(USERS_1_2)
    (package / "roster" / "roles.csv").write_text(ROLES)
    check(load_pilot(package))


def test_a_zip_archive_is_read_like_the_folder(package):
    with zipfile.ZipFile(package / "roster.zip", "w") as archive:
        for path in (package / "roster").iterdir():
            archive.write(path, f"export/{path.name}")
    toml = (package / "pilot.toml").read_text().replace('"roster",', '"roster.zip",')
    (package / "pilot.toml").write_text(toml)
    check(load_pilot(package))


def test_other_exports_may_know_a_student_by_the_identifier(package):
    toml = (package / "pilot.toml").read_text()
    for table, known_by in (("students", "identifier"), ("enrollments", "student identifier")):
        plain = f'{table} = {{ file = "roster", format = "oneroster" }}'
        assert plain in toml
        toml = toml.replace(plain, f'{plain[:-2]}, columns = {{ student_id = "{known_by}" }} }}')
    (package / "pilot.toml").write_text(toml)
    pilot = load_pilot(package)
    assert list(pilot.table("students")["student_id"]) == ["1001", "1002"]
    assert list(pilot.table("enrollments")["student_id"]) == ["1001", "1001", "1002", "1002"]


def test_a_class_list_without_any_teacher_ends_in_a_sentence(package):
    path = package / "roster" / "enrollments.csv"
    path.write_text(path.read_text().replace(",teacher,", ",aide,"))
    with pytest.raises(DataError, match="no row is left for the table enrollments") as caught:
        load_pilot(package)
    assert "roster" in str(caught.value)


def test_three_teachers_of_a_class_share_a_student_in_the_order_of_the_file(package):
    path = package / "roster" / "enrollments.csv"
    path.write_text(path.read_text() + "e8,active,,c1,S1,t3,teacher,false,,\n")
    users = package / "roster" / "users.csv"
    users.write_text(users.read_text() + "t3,active,,true,S1,teacher,tv,Vic,Vale,T-3,v@x.org,\n")
    classes = load_pilot(package).table("enrollments")
    assert list(classes["teacher_id"]) == ["t1", "t2", "t3"] * 2
    assert classes.groupby("student_id")["weight"].sum().to_list() == pytest.approx([1, 1])


def change(package, name, old, new):
    path = package / "roster" / f"{name}.csv"
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


def test_a_teacher_who_is_gone_leaves_the_students_to_the_others(package):
    change(package, "users", "t2,active", "t2,tobedeleted")
    pilot = load_pilot(package)
    classes = pilot.table("enrollments")
    assert list(classes["teacher_id"]) == ["t1", "t1"]
    assert list(classes["weight"]) == [1, 1]
    assert aside(pilot, "enrollments")["names a teacher who is tobedeleted"] == 1


def test_the_students_of_a_class_that_is_gone_are_counted(package):
    change(package, "classes", "c1,active", "c1,tobedeleted")
    change(package, "enrollments", "e7,active,,c1,S1,a1,aide", "e7,active,,c2,S1,t1,teacher")
    pilot = load_pilot(package)
    assert list(pilot.table("enrollments")["class_id"]) == ["c2"]
    assert aside(pilot, "enrollments") == {
        "tobedeleted": 1, "of a class that is tobedeleted": 4, "names the teacher of a class": 1,
    }  # fmt: skip


def test_nobodys_home_is_a_school_that_is_gone(package):
    change(package, "users", "true,S2,student,pq", 'true,"S3,S2",student,pq')
    check(load_pilot(package))


def test_a_class_in_two_schools_is_told(package):
    change(package, "enrollments", "e2,active,,c1,S1", "e2,active,,c1,S2")
    with pytest.raises(DataError, match='the class "c1" is in the schools S1 and S2'):
        load_pilot(package)


def test_classes_may_be_chosen_by_their_term(package):
    change(
        package,
        "classes",
        'c1,active,,Mathematics 4,"04,05",k1,scheduled,S1,y',
        'c1,active,,M,,,,S1,"y,fall"',
    )
    change(package, "enrollments", "e7,active,,c1,S1,a1,aide", "e7,active,,c2,S1,t1,teacher")
    plain = 'enrollments = { file = "roster", format = "oneroster"'
    toml = (package / "pilot.toml").read_text()
    assert plain in toml
    toml = toml.replace(plain, f'{plain}, where = {{ termSourcedIds = ["y,fall"] }}')
    (package / "pilot.toml").write_text(toml)
    pilot = load_pilot(package)
    assert set(pilot.table("enrollments")["class_id"]) == {"c1"}
    assert aside(pilot, "enrollments")["not asked for (wanted: termSourcedIds y,fall)"] == 1


def test_only_terms_of_the_sessions_are_terms(package):
    (package / "roster" / "academicSessions.csv").write_text(
        "sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear\n"
        "y,active,,2025-26,schoolYear,2025-08-01,2026-06-30,,2026\n"
        "f,active,,Fall,semester,2025-08-20,2025-12-19,y,2026\n"
        "g,active,,Quarter 1,gradingPeriod,2025-08-20,2025-10-20,f,2026\n"
        "s,active,,Spring,term,2026-01-07,2026-06-10,y,2026\n"
        "x,tobedeleted,,Summer,term,2026-06-15,2026-07-20,y,2026\n"
    )
    with (package / "pilot.toml").open("a") as file:
        file.write(
            'calendar = { file = "roster", format = "oneroster", values = { scope_id = "D" } }\n'
        )
    pilot = load_pilot(package)
    days = pilot.table("calendar")["begin"].dt.strftime("%Y-%m-%d")
    assert list(days) == ["2025-08-20", "2026-01-07"]
    assert aside(pilot, "calendar") == {"tobedeleted": 1, "not a term or semester": 2}


def test_nothing_personal_reaches_a_clean_table(package):
    pilot = load_pilot(package)
    told = " ".join(frame.to_csv() for frame in pilot.tables.values()) + pilot.ledger.to_csv()
    for private in ("Pupil", "Terry", "example.org", "2015-02-03"):
        assert private not in told


def test_a_missing_file_and_a_missing_column_are_named(package):
    (package / "roster" / "orgs.csv").write_text("sourcedId,kind\nS1,school\n")
    (package / "roster" / "enrollments.csv").unlink()
    with pytest.raises(DataError) as caught:
        load_pilot(package)
    assert 'roster/orgs.csv, row 1: there is no column "type"' in str(caught.value)
    assert "roster: there is no enrollments.csv inside" in str(caught.value)
