"""Everyone whom the demo's exports name: the names, addresses and ids that no brief may hold."""

import csv
import gzip
import html
import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_ID = re.compile(r"\b(?:[sp]-[0-9a-f]{16}|P\d{5}|R\d{3}|S\d\d-T\d\d|H\d{4}|R_\w{15})\b")
"""Ids as the exports write them: accounts, students, respondents, teachers, requests, answers."""

_WORD = re.compile(r"[\w@.+-]*\w")
_PROJECT = Path(__file__).parents[1]
_TEXTS = ("report", "evaluation", "disclosure", "batch", "stats")


class People(NamedTuple):
    """What the exports hold of persons."""

    ids: frozenset[str]
    """and e-mail addresses, and their first parts, which are user names"""
    names: frozenset[str]
    """full names, both ways round"""
    families: frozenset[str]
    """family names that are no words of the program's own texts"""


def people_of_exports(folder: Path) -> People:
    """Return everyone in the exports of the demo, from its roster and every other file."""
    texts = dict(_texts(folder))
    ids = {found for text in texts.values() for found in _ID.findall(text)}
    mails = {found for text in texts.values() for found in _MAIL.findall(text)}
    users = list(csv.DictReader(io.StringIO(texts["oneroster.zip/users.csv"])))
    ids |= {user[key] for user in users for key in ("sourcedId", "identifier", "username")}
    pairs = {(user["givenName"], user["familyName"]) for user in users}
    return People(
        frozenset(filter(None, ids | mails | {mail.partition("@")[0] for mail in mails})),
        frozenset(
            name for given, last in pairs for name in (f"{given} {last}", f"{last}, {given}")
        ),
        frozenset(last for _, last in pairs) - _own_words(),
    )


def _texts(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    yield f"{path.name}/{name}", archive.read(name).decode("utf-8-sig")
        elif path.suffix == ".gz":
            yield path.name, gzip.decompress(path.read_bytes()).decode("utf-8-sig")
        elif path.suffix == ".csv":
            yield path.name, path.read_bytes().decode("utf-8-sig", errors="replace")


def _own_words() -> frozenset[str]:
    """Return the words of the package's texts, without the simulation, and of the notebooks."""
    files = [p for room in _TEXTS for p in (_PROJECT / "pilot_analysis" / room).rglob("*.*")]
    files += (_PROJECT / "notebooks").glob("*.ipynb")
    texts = (p.read_text(encoding="utf-8") for p in files if p.suffix in (".py", ".j2", ".ipynb"))
    return frozenset(word for text in texts for word in re.findall(r"\w+", text))


def persons_in(path: Path, people: People) -> set[str]:
    """Return which of these persons' names, addresses and ids stand in a released file."""
    text = path.read_text(encoding="utf-8")
    if path.suffix in (".json", ".ipynb"):  # as a reader sees it, without JSON's escapes
        text += "\n" + "\n".join(_strings(json.loads(text)))
    text += "\n" + html.unescape(text)
    text = text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    words = set(_WORD.findall(text))
    words |= {part for word in words for part in re.split(r"[.@+]", word)}
    runs = set(re.findall(r"\w+", text))
    found = words & people.ids
    for phrases in (people.names, people.families):
        near = (phrase for phrase in phrases if re.findall(r"\w+", phrase)[-1] in runs)
        found |= {p for p in near if re.search(rf"(?<!\w){re.escape(p)}(?!\w)", text)}
    return found


def _strings(value) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)
