"""What says who somebody is: found by its header, never kept, replaced by pseudonyms."""

import re
import tomllib
from collections.abc import Callable, Collection, Iterator
from functools import cache
from pathlib import Path

import pandas as pd

from pilot_analysis.config import Source, placeholders
from pilot_analysis.ingest.faults import Origin, describe_rows
from pilot_analysis.ingest.names import name_words, plain
from pilot_analysis.ingest.raw import RawTable, header_key
from pilot_analysis.provenance import keyed_hash
from pilot_analysis.schema import TABLES

__all__ = [
    "COMMENTS",
    "NAMED_IN",
    "PERSONS",
    "address_faults",
    "names_in",
    "private_faults",
    "private_kind",
    "with_pseudonyms",
]

# Ids of persons, and ids that are often made of them: a response by its respondent's, a class by
# its teacher's.
PERSONS = (
    "student_id", "teacher_id", "respondent_id", "rater_id", "response_id", "class_id",
    "observation_id", "contact_id", "shadow_id",
)  # fmt: skip
COMMENTS = {
    "survey_responses": "text",
    "member_checks": "text",
    "decisions": "reason",
    "support_log": "topic",
}
# Tables whose files may hold the names of persons: they are read before the comments.
NAMED_IN = ("teachers", "students", "enrollments", "assessments")
_NAMES = ("first_names", "last_names", "whole_names")
_NAME = "name"
_ADDRESS = re.compile(r"\S+@[\w-]+(?:\.[\w-]+)+")
_REMARK = re.compile(r"\([^()]*\)\s*$")
_OR_PSEUDONYMS = ", or say pseudonyms = true under [privacy]: only a keyed hash is then kept"
_MOST_WORDS = 5  # of a header; one with more is a question


@cache
def _kinds() -> tuple[dict[str, str], dict[str, str]]:
    """Return which kind a header is of, by its key, and by how its key ends."""
    text = (Path(__file__).parent / "private_columns.toml").read_text(encoding="utf-8")
    document = tomllib.loads(text)
    endings = document.pop("endings")
    return tuple(
        {_key(name): kind for kind, names in part.items() for name in names}
        for part in (document, endings)
    )


@cache
def private_kind(header: str) -> str:
    """Return what a column says about a person ("last_names", "contacts", ...); blank: nothing."""
    (whole, endings), key = _kinds(), _key(header)
    if key in whole or len(header.split()) > _MOST_WORDS or "?" in header:
        return whole.get(key, "")
    return next((kind for ending, kind in endings.items() if key.endswith(ending)), "")


def private_faults(
    source: Source,
    table: str,
    *,
    pseudonyms: bool,
    groups: Collection[str] = (),
    kind: Callable[[str], str] = private_kind,
) -> list[str]:
    """Return a line for each clean column that would be read from a private one.

    With pseudonyms the id of a person may be an e-mail address or user name, since only its keyed
    hash is kept. `groups` are the columns of `students` that the configuration names; `kind` tells
    what a header says about a person, as `private_kind` does.
    """
    by_name = TABLES[table].by_name
    faults = [
        f'pilot.toml, sources.{table}.where: "{header}" says who somebody is, and its values would '
        "be told in the ledger. Choose the rows by another column."
        for header in source.where
        if kind(header)
    ]
    asked_for = [*_asked_for(source)]
    if table == "students":
        asked_for += [(g, g) for g in groups if g not in {*source.columns, *by_name}]
    for clean, header in asked_for:
        private = kind(header).replace("_", " ")
        if header_key(header) == _NAME and _NAME not in by_name:
            private = "whole names"  # but a school and a product have a name that may be told
        if not private or (pseudonyms and clean in PERSONS):
            continue
        advice = "Use another column"
        if clean in PERSONS:
            advice += _OR_PSEUDONYMS
        faults.append(
            f'pilot.toml, sources.{table}: "{header}" ({private}) says who somebody is, and would '
            f"be kept as {clean}. {advice}."
        )
    return faults


def _asked_for(source: Source) -> Iterator[tuple[str, str]]:
    yield from source.columns.items()
    yield from source.items.items()
    for clean, template in source.templates.items():
        yield from ((clean, header) for header in placeholders(template))


def with_pseudonyms(table: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Return a clean table in which the ids of persons are keyed hashes.

    The same id gives the same pseudonym in every table and every run, as long as the key, which
    is kept outside the project, stays the same.
    """
    changed = {name: _hashed(frame[name]) for name in PERSONS if name in frame}
    if table == "assignments":
        persons = frame["unit"].isin(["student", "class"])
        changed["unit_id"] = frame["unit_id"].mask(persons, _hashed(frame["unit_id"]))
    return frame.assign(**changed)


def _hashed(ids: pd.Series) -> pd.Series:
    pseudonyms = {text: keyed_hash(f"person {text}") for text in ids.dropna().unique()}
    return ids.map(pseudonyms).astype("str")


def names_in(raw: RawTable, also: Collection[str] = ()) -> set[str]:
    """Return the words of the names that a file's private columns, and `also` others, hold."""
    held = [
        cells for key, cells in raw.columns.items() if private_kind(key) in _NAMES or key in also
    ]
    return {word for cells in held for text in cells.distinct for word in name_words(text)}


def address_faults(table: str, frame: pd.DataFrame, origin: Origin) -> list[str]:
    """Return a line for each column in which an e-mail address stands, whatever its header says.

    The address itself is not told. Comments are left to the `Redactor`.
    """
    faults = []
    for name in frame.columns:
        if frame[name].dtype != "str" or name == COMMENTS.get(table):
            continue
        mask = frame[name].str.fullmatch(_ADDRESS).fillna(False).to_numpy(dtype=bool)
        advice = "Use another column"
        if name in PERSONS:
            advice += _OR_PSEUDONYMS
        what = "is an e-mail address, which says who somebody is"
        faults += describe_rows(origin, name, mask, lambda i, what=what: what, advice)
    return faults


def _key(header: str) -> str:
    letters = re.sub(r"[\W_]+", "", plain(_REMARK.sub("", header)))
    return letters.rstrip("0123456789") or letters
