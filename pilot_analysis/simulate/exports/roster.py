"""The roster as a OneRoster 1.1 package: eight CSV files in a zip archive."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from pilot_analysis.simulate.exports.files import frame_bytes, zipped
from pilot_analysis.simulate.exports.mess import Aside, none_aside
from pilot_analysis.simulate.exports.people import People
from pilot_analysis.simulate.exports.roster_people import (
    DELETED,
    active,
    make_demographics,
    make_enrollments,
    make_other_staff,
    make_users,
)

__all__ = ["export_roster"]

_FILE = "oneroster.zip"
_HEADERS = {
    "manifest": "propertyName,value",
    "orgs": "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId",
    "academicSessions": "sourcedId,status,dateLastModified,title,type,startDate,endDate,"
    "parentSourcedId,schoolYear",
    "courses": "sourcedId,status,dateLastModified,schoolYearSourcedId,title,courseCode,grades,"
    "orgSourcedId,subjects,subjectCodes",
    "classes": "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,"
    "classType,location,schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods",
    "users": "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,"
    "givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password",
    "enrollments": "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,"
    "userSourcedId,role,primary,beginDate,endDate",
    "demographics": "sourcedId,status,dateLastModified,birthDate,sex,americanIndianOrAlaskaNative,"
    "asian,blackOrAfricanAmerican,nativeHawaiianOrOtherPacificIslander,white,"
    "demographicRaceTwoOrMoreRaces,hispanicOrLatinoEthnicity,countryOfBirthCode,"
    "stateOfBirthAbbreviation,cityOfBirth,publicSchoolResidenceStatus,metadata.englishLearner,"
    "metadata.disability,metadata.economicallyDisadvantaged",
}


def export_roster(
    tables: Mapping[str, pd.DataFrame], people: People, rng: np.random.Generator
) -> tuple[dict[str, bytes], list[Aside]]:
    """Return the package, and what reading it must set aside.

    Schools, classes and people have the standard's form; the groups that it does not have stand
    in extension columns (``metadata.*``). Old records are marked ``tobedeleted``; there are staff
    who are neither students nor teachers, and a study hall without a teacher.
    """
    others = make_other_staff(tables, rng)
    users = make_users(tables, people, others, rng)
    enrollments = make_enrollments(tables, people, others, rng)
    files = {
        "manifest": _manifest(),
        "orgs": _orgs(tables),
        "academicSessions": _sessions(),
        "courses": _courses(tables),
        "classes": _classes(tables, people),
        "users": users,
        "enrollments": enrollments,
        "demographics": make_demographics(tables, people, rng),
    }
    members = {
        f"{name}.csv": frame_bytes(frame.reindex(columns=_HEADERS[name].split(",")))
        for name, frame in files.items()
    }
    deleted = {name: frame["status"].eq(DELETED) for name, frame in files.items()
               if "status" in frame}  # fmt: skip
    roles = users.loc[~deleted["users"], "role"].value_counts()
    kinds = enrollments.loc[~deleted["enrollments"]]
    no_teacher = kinds["role"].eq("student") & kinds["classSourcedId"].str.endswith("-HALL")
    aside = [
        Aside("students", "rows", DELETED, int(deleted["users"].sum())),
        Aside("students", "rows", "not a student", int(roles.drop("student").sum())),
        Aside("enrollments", "enrollments", DELETED, int(deleted["enrollments"].sum())),
        Aside("enrollments", "enrollments", "names the teacher of a class",
              int(kinds["role"].eq("teacher").sum())),
        Aside("enrollments", "enrollments", "neither student nor teacher",
              int((~kinds["role"].isin(["student", "teacher"])).sum())),
        Aside("enrollments", "enrollments", "class without a teacher", int(no_teacher.sum())),
    ]  # fmt: skip
    return {_FILE: zipped(members)}, none_aside(aside)


def _manifest() -> pd.DataFrame:
    here = [name for name in _HEADERS if name != "manifest"]
    lines = [("manifest.version", "1.0"), ("oneroster.version", "1.1")]
    lines += [(f"file.{name}", "delta") for name in here]
    lines += [(f"file.{name}", "absent") for name in ("categories", "classResources",
              "courseResources", "lineItems", "resources", "results")]  # fmt: skip
    lines += [("source.systemName", "An invented student information system")]
    return pd.DataFrame(lines, columns=["propertyName", "value"])


def _district(tables) -> str:
    return tables["schools"]["district_id"].dropna().iloc[0]


def _orgs(tables) -> pd.DataFrame:
    schools = tables["schools"]
    first = schools.iloc[0]
    rows = [(_district(tables), "Harbors and Hills District (invented)", "district", "", "")]
    rows += [(s.school_id, s.name, "school", f"0{i:03d}", s.district_id)
             for i, s in enumerate(schools.itertuples(index=False), start=1)]  # fmt: skip
    # A name is not a key: a closed school, and one elsewhere, share the name of the first.
    rows += [("S-OLD", first["name"], "school", "0901", first["district_id"]),
             ("S-ELSEWHERE", first["name"], "school", "0902", "")]  # fmt: skip
    frame = pd.DataFrame(
        rows, columns=["sourcedId", "name", "type", "identifier", "parentSourcedId"]
    )
    frame = active(frame)
    frame.loc[frame["sourcedId"].eq("S-OLD"), "status"] = DELETED
    return frame


def _sessions() -> pd.DataFrame:
    rows = [
        ("Y2026", "2025-26", "schoolYear", "2025-09-04", "2026-06-18", ""),
        ("T1", "First half", "semester", "2025-09-04", "2026-01-30", "Y2026"),
        ("T2", "Second half", "semester", "2026-02-02", "2026-06-18", "Y2026"),
    ]
    names = ["sourcedId", "title", "type", "startDate", "endDate", "parentSourcedId"]
    return active(pd.DataFrame(rows, columns=names), schoolYear="2026")


def _courses(tables) -> pd.DataFrame:
    grades = sorted(tables["students"]["grade"].unique())
    return active(
        {
            "sourcedId": [f"K{grade}" for grade in grades],
            "title": [f"Grade {grade}, all subjects" for grade in grades],
            "courseCode": [f"HR-{grade}" for grade in grades],
            "grades": [f"0{grade}" for grade in grades],
        },
        schoolYearSourcedId="Y2026",
        orgSourcedId=_district(tables),
    )


def _classes(tables, people: People) -> pd.DataFrame:
    rows = tables["enrollments"].drop_duplicates("class_id")
    grade = rows["student_id"].map(tables["students"].set_index("student_id")["grade"])
    family = rows["teacher_id"].map(people.teachers["family"])
    homerooms = active(
        {
            "sourcedId": rows["class_id"],
            "title": "Grade " + grade + ', "' + family + '"',
            "grades": "0" + grade,
            "courseSourcedId": "K" + grade,
            "schoolSourcedId": rows["school_id"],
        },
        classType="homeroom",
        termSourcedIds="T1,T2",
        periods="1,2,3,4,5,6",
    )
    schools = tables["schools"]["school_id"].head(1)
    hall = active(
        {"sourcedId": schools + "-HALL", "schoolSourcedId": schools},
        title="Study hall", grades="03,04,05", courseSourcedId="K3", classType="scheduled",
        termSourcedIds="T1", periods="7",
    )  # fmt: skip
    return pd.concat([homerooms, hall], ignore_index=True)
