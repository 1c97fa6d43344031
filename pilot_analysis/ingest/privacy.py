"""What says who somebody is: found by its header, never kept, taken out of comments."""

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

import pandas as pd

from pilot_analysis.config import Source, placeholders
from pilot_analysis.ingest.raw import RawTable
from pilot_analysis.provenance import keyed_hash
from pilot_analysis.schema import TABLES

__all__ = ["COMMENTS", "Redactor", "names_in", "private_faults", "private_kind", "with_pseudonyms"]

_PERSONS = ("student_id", "teacher_id", "respondent_id", "rater_id")
COMMENTS = {
    "survey_responses": "text",
    "member_checks": "text",
    "decisions": "reason",
    "support_log": "topic",
}
_NAMES = ("first_names", "last_names", "whole_names")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(r"(?<![\w-])\+?(?:\(?\d[\d\s().-]{7,}\d)(?![\w-])")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_TITLE = re.compile(r"\b(?:mr|mrs|ms|miss|mx|dr|sr|sra)\.?\s+$", re.IGNORECASE)
_SHORTEST_NAME = 2
_FEWEST_DIGITS = 9


@cache
def _kinds() -> dict[str, str]:
    text = (Path(__file__).parent / "private_columns.toml").read_text(encoding="utf-8")
    return {_key(name): kind for kind, names in tomllib.loads(text).items() for name in names}


def private_kind(header: str) -> str:
    """Return what a column says about a person ("last_names", "contacts", ...); blank: nothing."""
    return _kinds().get(_key(header), "")


def private_faults(
    source: Source,
    table: str,
    *,
    pseudonyms: bool,
    kind: Callable[[str], str] = private_kind,
) -> list[str]:
    """Return a line for each clean column that would be read from a private one.

    With pseudonyms an id may be an e-mail address or user name, since only its keyed hash is kept.
    `kind` tells what a header says about a person, as `private_kind` does.
    """
    faults = [
        f'pilot.toml, sources.{table}.where: "{header}" says who somebody is, and its values would '
        "be told in the ledger. Choose the rows by another column."
        for header in source.where
        if kind(header)
    ]
    for clean, header in _asked_for(source):
        private = kind(header).replace("_", " ")
        field = TABLES[table].by_name.get(clean)
        if not private or (pseudonyms and field is not None and field.kind == "id"):
            continue
        advice = "Use another column"
        if field is not None and field.kind == "id":
            advice += ", or say pseudonyms = true under [privacy]: only a keyed hash is then kept"
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
    changed = {name: _hashed(frame[name]) for name in _PERSONS if name in frame}
    if table == "assignments":
        persons = frame["unit"].eq("student").fillna(False)
        changed["unit_id"] = frame["unit_id"].mask(persons, _hashed(frame["unit_id"]))
    return frame.assign(**changed)


def _hashed(ids: pd.Series) -> pd.Series:
    pseudonyms = {text: keyed_hash(f"person {text.casefold()}") for text in ids.dropna().unique()}
    return ids.map(pseudonyms).astype("str")


def names_in(raw: RawTable) -> set[str]:
    """Return the first and last names that a file's private columns hold, each word by itself."""
    names: set[str] = set()
    for key, cells in raw.columns.items():
        if private_kind(key) in _NAMES:
            names.update(word for text in cells.distinct for word in _WORD.findall(text))
    return {name.casefold() for name in names if len(name) >= _SHORTEST_NAME}


class Redactor:
    """Takes names, e-mail addresses and telephone numbers out of comments.

    Parameters
    ----------
    names : iterable of str
        Words of the roster's names, in lower case. A word is taken for a name where it is
        written with a capital, or follows a title such as "Mrs".
    """

    def __init__(self, names: Iterable[str]):
        self._names = frozenset(names)

    def redact(self, text: str) -> str:
        """Return a comment without what could tell who is meant."""
        text = _PHONE.sub(_phone, _EMAIL.sub("[e-mail]", text))
        return _WORD.sub(lambda found: self._word(text, found), text)

    def _word(self, text: str, found: re.Match) -> str:
        word = found[0].removesuffix("'s").removesuffix("’s")
        is_name = word.casefold() in self._names and (
            word[0].isupper() or _TITLE.search(text[: found.start()])
        )
        return "[name]" + found[0][len(word) :] if is_name else found[0]

    def applied(self, table: str, frame: pd.DataFrame) -> pd.DataFrame:
        """Return a clean table whose comments are redacted."""
        column = COMMENTS.get(table)
        if column is None or frame[column].isna().all():
            return frame
        return frame.assign(**{column: frame[column].map(self.redact, na_action="ignore")})


def _phone(found: re.Match) -> str:
    digits = sum(character.isdigit() for character in found[0])
    return "[telephone]" if digits >= _FEWEST_DIGITS else found[0]


def _key(header: str) -> str:
    return re.sub(r"[\s._-]+", "", header).casefold()
