"""OneRoster 1.1 and 1.2: a folder or zip of CSV files that refer to one another by sourcedId."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pilot_analysis.config import PilotConfig, Source, nearest
from pilot_analysis.errors import DataError
from pilot_analysis.ingest.faults import describe
from pilot_analysis.ingest.files import Files
from pilot_analysis.ingest.formats import Format
from pilot_analysis.ingest.raw import header_key
from pilot_analysis.ingest.readers.frames import frame_of, raw_of
from pilot_analysis.ingest.readers.reading import Reading, Step
from pilot_analysis.schema import Table

__all__ = ["read_oneroster"]

_DELETED = "tobedeleted"
_RACES = {
    "americanindianoralaskanative": "American Indian or Alaska Native",
    "asian": "Asian",
    "blackorafricanamerican": "Black or African American",
    "nativehawaiianorotherpacificislander": "Native Hawaiian or Other Pacific Islander",
    "white": "White",
}


@dataclass(frozen=True, slots=True)
class _Package:
    """The files of one export; columns are header keys, and `row` is the row in the file."""

    files: Files
    source: Source

    def frame(self, member: str, *needed: str) -> pd.DataFrame:
        raw = self.files.raw(self.source, member)
        for name in needed:
            if header_key(name) not in raw.columns:
                raise DataError(
                    describe(
                        raw.file,
                        f'there is no column "{name}"{nearest(name, raw.names.values())}',
                        "OneRoster has one: export the package again",
                        row=1,
                    )
                )
        return frame_of(raw)

    def has(self, member: str) -> bool:
        return member in self.files.members(self.source)

    def label(self, member: str) -> str:
        return self.files.raw(self.source, member).file


def read_oneroster(
    files: Files, source: Source, form: Format, table: Table, config: PilotConfig
) -> Reading:
    """Read the part of a OneRoster export that one clean table holds.

    Parameters
    ----------
    files, source, form, table, config
        As for every reader. `table` is schools, teachers, students, enrollments or calendar.

    Returns
    -------
    Reading
        Rows marked ``tobedeleted`` are set aside; a class with several teachers gives a student
        one row with each of them, with weights that sum to one.

    References
    ----------
    1EdTech, OneRoster 1.1 (2017) and 1.2 (2022), CSV binding.
    """
    package = _Package(files, source)
    match table.name:
        case "schools":
            raw, aside, steps = *_listed(package, "orgs.csv", "school"), ()
        case "calendar":
            raw, aside, steps = *_listed(package, "academicSessions.csv", "term", "semester"), ()
        case "students" | "teachers":
            raw, aside, steps = *_people(package, table.name.removesuffix("s")), ()
        case _:
            raw, aside, steps = _enrollments(package)
    return Reading(raw, form.tables[table.name].fill(source, raw, table), aside, steps)


def _listed(package: _Package, member: str, *wanted: str):
    """Rows of one file that are not deleted and of a type that is wanted."""
    frame = package.frame(member, "type")
    deleted, other = _deleted(frame), ~frame["type"].str.casefold().isin(wanted)
    aside = {_DELETED: deleted, f"not a {' or '.join(wanted)}": other & ~deleted}
    return raw_of(package.label(member), frame), _masks(aside)


def _people(package: _Package, role: str):
    """Users of one role, with their school and, for students, their demographics."""
    users = package.frame("users.csv", "sourcedId")
    deleted = _deleted(users)
    has_role = users["sourcedid"].isin(_of_role(package, users, role))
    users["schoolsourcedid"] = _home(package, users)
    if role == "student" and package.has("demographics.csv"):
        users = _with_demographics(users, package.frame("demographics.csv", "sourcedId"))
    raw = raw_of(package.label("users.csv"), users)
    aside = {_DELETED: deleted, f"not a {role}": ~has_role & ~deleted}
    return raw, _masks(aside)


def _of_role(package: _Package, users: pd.DataFrame, role: str) -> pd.Series:
    """Ids of the users who have a role: in `users` (1.1), or in `roles` (1.2)."""
    if "role" in users:
        return users.loc[users["role"].str.casefold() == role, "sourcedid"]
    roles = package.frame("roles.csv", "userSourcedId", "role")
    mine = (roles["role"].str.casefold() == role) & ~_deleted(roles)
    return roles.loc[mine, "usersourcedid"]


def _home(package: _Package, users: pd.DataFrame) -> pd.Series:
    """Each user's first organization that is a school still; blank where there is none."""
    orgs = package.frame("orgs.csv", "sourcedId", "type")
    is_school = (orgs["type"].str.casefold() == "school") & ~_deleted(orgs)
    schools = set(orgs.loc[is_school, "sourcedid"])
    listed = users["orgsourcedids"] if "orgsourcedids" in users else _organizations(package, users)
    return listed.map(lambda text: next((org for org in _items(text) if org in schools), ""))


def _organizations(package: _Package, users: pd.DataFrame) -> pd.Series:
    """Organizations of each user in 1.2: the primary one, then those of the user's roles."""
    roles = package.frame("roles.csv", "userSourcedId", "orgSourcedId")
    roles = roles[~_deleted(roles)]
    by_user = roles.groupby("usersourcedid")["orgsourcedid"].agg(",".join)
    of_roles = users["sourcedid"].map(by_user).fillna("")
    if "primaryorgsourcedid" not in users:
        return of_roles
    return users["primaryorgsourcedid"] + "," + of_roles


def _with_demographics(users: pd.DataFrame, demographics: pd.DataFrame) -> pd.DataFrame:
    known = demographics[~_deleted(demographics)].drop(columns="row")
    known = known.assign(race_ethnicity=_race(known)).drop_duplicates("sourcedid")
    new = [c for c in known if c == "sourcedid" or c not in users]
    return users.merge(known[new], on="sourcedid", how="left").fillna("")


def _race(demographics: pd.DataFrame) -> pd.Series:
    """One word for race and ethnicity from the flags, as the U.S. reports count them."""
    flags = pd.DataFrame({name: _is_true(demographics, column) for column, name in _RACES.items()})
    named = flags.idxmax(axis=1).where(flags.any(axis=1), "")
    several = _is_true(demographics, "demographicracetwoormoreraces") | (flags.sum(axis=1) > 1)
    named = named.mask(several, "Two or more races")
    return named.mask(_is_true(demographics, "hispanicorlatinoethnicity"), "Hispanic or Latino")


def _enrollments(package: _Package):
    """One row per student, class and teacher of that class.

    A class or teacher marked as deleted in its own file is gone, whatever the enrollment says:
    the teachers who are left share the students.
    """
    frame = package.frame("enrollments.csv", "classSourcedId", "userSourcedId", "role")
    deleted, role = _deleted(frame), frame["role"].str.casefold()
    closed = ~deleted & frame["classsourcedid"].isin(_gone(package, "classes.csv"))
    there = ~deleted & ~closed
    is_student, is_teacher = there & (role == "student"), there & (role == "teacher")
    gone = is_teacher & frame["usersourcedid"].isin(_gone(package, "users.csv"))
    teachers = frame[is_teacher & ~gone]
    shares = teachers.groupby("classsourcedid")["usersourcedid"].nunique()
    pairs = teachers[["classsourcedid", "usersourcedid"]].drop_duplicates()
    pairs = pairs.rename(columns={"usersourcedid": "teachersourcedid"})
    taught = frame["classsourcedid"].isin(shares.index)
    step = Step(
        "enrollments",
        len(frame),
        {
            _DELETED: int(deleted.sum()),
            f"of a class that is {_DELETED}": int(closed.sum()),
            f"names a teacher who is {_DELETED}": int(gone.sum()),
            "names the teacher of a class": int((is_teacher & ~gone).sum()),
            "neither student nor teacher": int((there & ~is_student & ~is_teacher).sum()),
            "class without a teacher": int((is_student & ~taught).sum()),
        },
    )  # fmt: skip
    rows = frame[is_student & taught].merge(pairs, on="classsourcedid")
    rows = rows.sort_values("row", kind="stable")
    weights = 1 / shares.reindex(rows["classsourcedid"]).to_numpy(dtype=float)
    rows = rows.assign(weight=[f"{weight:.12g}" for weight in weights])
    rows = rows.merge(_classes(package), on="classsourcedid", how="left").fillna("")
    rows = _with_identifiers(package, rows)
    return raw_of(package.label("enrollments.csv"), rows), {}, (step,)


def _gone(package: _Package, member: str) -> pd.Series:
    frame = package.frame(member, "sourcedId")
    return frame.loc[_deleted(frame), "sourcedid"]


def _classes(package: _Package) -> pd.DataFrame:
    """Return what `where` may choose classes by, and the first subject of each."""
    classes = package.frame("classes.csv", "sourcedId")
    named = {"classsourcedid": classes["sourcedid"]}
    named |= {c: classes[c] for c in ("title", "termsourcedids", "subjects") if c in classes}
    subjects = named.get("subjects", pd.Series("", classes.index))
    named["subject"] = subjects.map(lambda text: next(iter(_items(text)), ""))
    return pd.DataFrame(named).drop_duplicates("classsourcedid")


def _with_identifiers(package: _Package, rows: pd.DataFrame) -> pd.DataFrame:
    """Add what other exports may know a person by: the `identifier` of student and teacher."""
    users = package.frame("users.csv", "sourcedId")
    if "identifier" not in users:
        return rows
    known = users.drop_duplicates("sourcedid").set_index("sourcedid")["identifier"]
    return rows.assign(
        **{
            "student identifier": rows["usersourcedid"].map(known).fillna(""),
            "teacher identifier": rows["teachersourcedid"].map(known).fillna(""),
        }
    )


def _items(text: str) -> list[str]:
    """Return the items of a list that one cell holds."""
    return [item.strip() for item in text.split(",") if item.strip()]


def _deleted(frame: pd.DataFrame) -> pd.Series:
    if "status" not in frame:  # a bulk export may leave it out: all rows are active
        return pd.Series(False, frame.index)
    return frame["status"].str.casefold() == _DELETED


def _is_true(frame: pd.DataFrame, column: str) -> pd.Series:
    if column not in frame:
        return pd.Series(False, frame.index)
    return frame[column].str.casefold().isin(["true", "1", "yes"])


def _masks(aside: dict[str, pd.Series]) -> dict[str, np.ndarray]:
    return {reason: np.asarray(mask, dtype=bool) for reason, mask in aside.items()}
