"""The people of the OneRoster package: accounts, who is in which class, and demographics."""

import numpy as np
import pandas as pd

from pilot_analysis.simulate.exports.mess import some
from pilot_analysis.simulate.exports.people import People, invent_names

__all__ = [
    "DELETED",
    "active",
    "make_demographics",
    "make_enrollments",
    "make_other_staff",
    "make_users",
]

DELETED = "tobedeleted"
_NOW = "2025-10-01T06:00:00.000Z"
_RACES = {
    "Asian": ("asian",),
    "Black": ("blackOrAfricanAmerican",),
    "White": ("white",),
    "Two or more": ("demographicRaceTwoOrMoreRaces",),
    "Hispanic or Latino": ("hispanicOrLatinoEthnicity", "white"),
}
_GROUPS = {
    "metadata.englishLearner": ("english_learner", "Y", "N"),
    "metadata.disability": ("disability", "true", "false"),
    "metadata.economicallyDisadvantaged": ("economically_disadvantaged", "1", "0"),
}


def active(frame, **columns) -> pd.DataFrame:
    """Return rows of a package that are not deleted."""
    return pd.DataFrame(frame).assign(status="active", dateLastModified=_NOW, **columns)


def make_other_staff(tables, rng: np.random.Generator) -> pd.DataFrame:
    """Return an aide and an administrator for each school, as people by id."""
    schools = tables["schools"]["school_id"]
    ids = pd.concat([schools + "-AIDE", schools + "-HEAD"], ignore_index=True)
    staff = invent_names(ids, "staff", rng).loc[ids]
    staff["school_id"] = pd.concat([schools, schools]).to_numpy()
    staff["role"] = np.repeat(["aide", "administrator"], len(schools))
    return staff


def make_users(tables, people: People, others, rng) -> pd.DataFrame:
    """Return an account for everybody, and some old ones that are marked as deleted."""
    students, teachers = tables["students"], tables["teachers"]
    places = tables["enrollments"].groupby("student_id", sort=False)["school_id"].agg(list)
    homes = students["school_id"].map(lambda s: [s]) + students["student_id"].map(places).map(
        lambda places: places if isinstance(places, list) else []
    )
    young = _accounts(people.students.loc[students["student_id"]], "student").assign(
        orgSourcedIds=homes.map(lambda places: ",".join(dict.fromkeys(places))).to_numpy(),
        grades=("0" + students["grade"]).to_numpy(),
        phone="",
    )
    home = tables["schools"].set_index("school_id").loc[teachers["school_id"]].reset_index()
    staff = _accounts(people.teachers.loc[teachers["teacher_id"]], "teacher").assign(
        orgSourcedIds=(home["district_id"].fillna("") + "," + teachers["school_id"]).to_numpy(),
        grades="",
    )
    helpers = _accounts(others, "").assign(
        role=others["role"].to_numpy(), orgSourcedIds=others["school_id"].to_numpy(), grades=""
    )
    young = young.sort_values(["orgSourcedIds", "familyName", "givenName"], kind="stable")
    old = pd.concat([some(young, 0.01, rng), some(staff, 0.01, rng)])
    old = old.assign(status=DELETED, sourcedId=old["sourcedId"] + "-old", enabledUser="false")
    return pd.concat([staff, helpers, young, old], ignore_index=True)


def _accounts(persons: pd.DataFrame, role: str) -> pd.DataFrame:
    return active(
        {
            "sourcedId": persons["account"].to_numpy(),
            "role": role,
            "username": persons["email"].to_numpy(),
            "userIds": ("{SIS:" + persons["account"] + "}").to_numpy(),
            "givenName": persons["given"].to_numpy(),
            "familyName": persons["family"].to_numpy(),
            "identifier": persons.index,
            "email": persons["email"].to_numpy(),
            "phone": "555-0100",
        },
        enabledUser="true",
    )


def make_enrollments(tables, people: People, others, rng) -> pd.DataFrame:
    """Return who is in which class as what: students, teachers, aides, and deleted rows."""
    rows = tables["enrollments"]
    of_students = rows.drop_duplicates(["student_id", "class_id"])
    young = _enrolled(of_students, of_students["student_id"].map(people.students["account"]),
                      "student")  # fmt: skip
    taught = rows.drop_duplicates(["class_id", "teacher_id"]).sort_values("class_id")
    taught = taught.assign(begin=rows["begin"].min(), end=rows["end"].max())
    staff = _enrolled(taught, taught["teacher_id"].map(people.teachers["account"]), "teacher")
    classes = taught.drop_duplicates("school_id")
    aides = classes["school_id"].map(others[others["role"] == "aide"].set_index("school_id")
                                     ["account"])  # fmt: skip
    hall = tables["schools"]["school_id"].iloc[0]
    at_desk = of_students[of_students["school_id"] == hall].head(3)
    at_desk = at_desk.assign(class_id=hall + "-HALL").drop_duplicates("student_id")
    parts = [staff, _enrolled(classes, aides, "aide"), young.sort_values(
        ["classSourcedId", "userSourcedId"], kind="stable"),
        _enrolled(at_desk, at_desk["student_id"].map(people.students["account"]), "student"),
        some(young, 0.01, rng).assign(status=DELETED)]  # fmt: skip
    frame = pd.concat(parts, ignore_index=True)
    return frame.assign(sourcedId=[f"e-{i:06d}" for i in range(1, len(frame) + 1)])


def _enrolled(rows: pd.DataFrame, who: pd.Series, role: str) -> pd.DataFrame:
    return active(
        {
            "classSourcedId": rows["class_id"],
            "schoolSourcedId": rows["school_id"],
            "userSourcedId": who,
            "role": role,
            "primary": "true" if role == "teacher" else "false",
            "beginDate": rows["begin"].dt.strftime("%Y-%m-%d"),
            "endDate": rows["end"].dt.strftime("%Y-%m-%d"),
        }
    )


def make_demographics(tables, people: People, rng) -> pd.DataFrame:
    """Return what is recorded about each student, in another order than the accounts."""
    students = tables["students"]
    years = 2017 - students["grade"].astype(int).to_numpy()
    born = pd.to_datetime(pd.Series(years, index=students.index).astype(str) + "-09-01")
    born += pd.to_timedelta(rng.integers(0, 365, len(students)), unit="D")
    # Not recorded is written in two ways.
    unsaid = pd.Series(rng.choice(["", "unspecified"], len(students)), index=students.index)
    flags = {
        column: students["race_ethnicity"].map(
            {race: str(column in columns).lower() for race, columns in _RACES.items()}
        )
        for column in dict.fromkeys(c for columns in _RACES.values() for c in columns)
    }
    groups = {
        column: students[name].map({True: yes, False: no})
        for column, (name, yes, no) in _GROUPS.items()
    }
    frame = active(
        {
            "sourcedId": students["student_id"].map(people.students["account"]),
            "birthDate": born.dt.strftime("%Y-%m-%d"),
            "sex": students["sex"].astype(object).where(students["sex"].notna(), unsaid),
            **flags,
            **groups,
        },
        countryOfBirthCode="US",
    )
    old = some(frame, 0.005, rng).assign(status=DELETED, sex="female")
    order = rng.permutation(len(frame))
    return pd.concat([old, frame.iloc[order]], ignore_index=True)
