"""Numbers in words: each must be that of a shown result, or part of a name, a date or a setting."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from pilot_analysis.disclosure import RULES
from pilot_analysis.disclosure.rounding import NUMBERS
from pilot_analysis.report.formats import written
from pilot_analysis.report.methods import GLOSSARY, METHODS, SETTINGS
from pilot_analysis.report.wording import month_name

__all__ = ["Vocabulary", "forms_of", "number_of", "numbers_in", "strings_in"]

_TOKEN = re.compile(r"[+\N{MINUS SIGN}-]?\d[\d,]*(?:\.\d+)?%?")
_WITH_DIGIT = re.compile(r"\w*\d\w*")
_DAY = re.compile(r"(?<!\d)(\d{4})-(0[1-9]|1[0-2])(?:-([0-3]\d))?(?!\d)")
_SCALE = re.compile(r"\((-?[\d.]+[-\N{EN DASH}]-?[\d.]+)\)")
_SOURCES = ("The 5 Percent Problem, Education Next, 2024",)
"""Of sentences that stand in every brief."""

_SIZES = ("n", "n_clusters", "df")
_TEXTS = ("value_text", "level", "unit", "method", "category", "group", "outcome", "time",
          "school_id", "product_id", "result_id")  # fmt: skip


def number_of(text: str) -> float | None:
    """Return the number that a whole text is ("+2.8", "20%" as 0.2), or None."""
    text = text.strip()
    if not _TOKEN.fullmatch(text):
        return None
    plain = text.replace("\N{MINUS SIGN}", "-").replace(",", "").removesuffix("%")
    return round(float(plain) / (100 if text.endswith("%") else 1), 12)


def numbers_in(text: str) -> list[str]:
    """Return every number of a text, as it is written."""
    return [token.rstrip(",") for token in _TOKEN.findall(text)]


def strings_in(value: Any) -> Iterator[str]:
    """Yield every text in JSON values."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield str(key)
            yield from strings_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from strings_in(inner)


class Vocabulary:
    """The words and numbers that the files of one brief may hold.

    Parameters
    ----------
    rows : iterable of mapping
        Rows of its results.json.
    names : iterable of str
        Names, labels, settings and files of the pilot, as they were recorded.
    """

    def __init__(self, rows: Iterable[Mapping[str, Any]], names: Iterable[str]):
        rows = list(rows)
        self._names = _phrases(frozenset(names) | _own_words())
        texts = {str(row[key]) for row in rows for key in _TEXTS if row.get(key)}
        texts |= {repr(str(row["school_id"])) for row in rows}  # as a notebook's parameters have it
        self._rows = _phrases(frozenset(texts | {f for row in rows for f in row.get("flags", ())}))
        self.numbers = frozenset(form for row in rows for form in forms_of(row))

    @property
    def phrases(self) -> frozenset[str]:
        """Names, labels, settings and the words of results."""
        return self._names.all | self._rows.all

    def unknown_numbers(self, text: str) -> list[str]:
        """Return the numbers of a text that nothing accounts for."""
        text = _plain(text)
        if self.numbers.issuperset(numbers_in(text)):  # of most sentences; quicker than names
            return []
        return [number for number in self.numbers_beside_names(text) if number not in self.numbers]

    def numbers_beside_names(self, text: str) -> list[str]:
        """Return the numbers of a text that are no part of a name, a label, a day or a setting."""
        text = _plain(text)
        if not _TOKEN.search(text) or text in self._names.numbers or text in self._rows.numbers:
            return []
        return numbers_in(_without(self._rows, _without(self._names, text)))


def _plain(text: str) -> str:
    return " ".join(text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").split())


class _Phrases(NamedTuple):
    """Phrases; those that are a number; the longer ones, in small letters, by a word of theirs."""

    all: frozenset[str]
    numbers: frozenset[str]
    longer: Mapping[str, tuple[str, ...]]


def _without(phrases: _Phrases, text: str) -> str:
    """Return a text without those phrases that stand in it as whole words, the longest first."""
    small = text.casefold()
    words = set(_WITH_DIGIT.findall(small))
    found = {p for word in words for p in phrases.longer.get(word, ()) if p in small}
    return _whole(tuple(sorted(found))).sub(" ", text) if found else text


@cache
def _whole(phrases: tuple[str, ...]) -> re.Pattern:
    inside = "|".join(map(re.escape, sorted(phrases, key=lambda phrase: (-len(phrase), phrase))))
    return re.compile(rf"(?<![\w])(?:{inside})(?![\w%])", re.IGNORECASE)


@cache
def _phrases(texts: frozenset[str]) -> _Phrases:
    """Return phrases with the ways in which their days and scales are written."""
    all_ = {_plain(text) for text in texts}
    found = {phrase for phrase in all_ if _WITH_DIGIT.search(phrase)}
    found |= {ends for phrase in all_ for ends in _SCALE.findall(phrase)}
    days = {day.groups() for phrase in all_ for day in _DAY.finditer(phrase)}
    found |= {form for day in days for form in _forms_of_day(*day)}
    numbers = frozenset(phrase for phrase in found if _TOKEN.fullmatch(phrase))
    longer = defaultdict(list)
    for phrase in {phrase.casefold() for phrase in found - numbers}:
        longer[_WITH_DIGIT.search(phrase)[0]].append(phrase)
    return _Phrases(frozenset(all_), numbers, {word: tuple(own) for word, own in longer.items()})


@cache
def _own_words() -> frozenset[str]:
    """Return what the briefs themselves say with digits in it."""
    settings = (words for words, _, _ in SETTINGS.values())
    glossary = (text for term in GLOSSARY for text in term[:2])
    return frozenset(
        [
            *RULES.values(),
            *METHODS.values(),
            *settings,
            *glossary,
            *_SOURCES,
            "UTF-8",
            "initial-scale=1",
        ]
    )


def _forms_of_day(year: str, month: str, day: str | None) -> Iterator[str]:
    for name in (month_name(f"{year}-{month}-01"), month_name(f"{year}-{month}-01", short=True)):
        yield f"{name} {year}"
        if day:
            yield f"{int(day)} {name}"
            yield f"{int(day)} {name} {year}"


def forms_of(row: Mapping[str, Any], *columns: str) -> frozenset[str]:
    """Return the ways in which the numbers of a result are written; none where it is hidden.

    Parameters
    ----------
    row : mapping
        A row of results.json.
    *columns : str
        Of these columns only.
    """
    forms: set[str] = set()
    for key in columns or NUMBERS:
        value = row.get(key)
        if row.get("suppressed") or not isinstance(value, int | float):
            continue
        kind, unit = ("count", "") if key in _SIZES else (row["kind"], row["unit"])
        kind, unit = ("test", "p") if key in ("p_value", "p_adjusted") else (kind, unit)
        forms |= _forms(float(value), unit, kind)
    return frozenset(forms)


@cache
def _forms(value: float, unit: str, kind: str) -> frozenset[str]:
    texts = [
        written(value, unit, kind, signed=signed, magnitude=magnitude)
        for signed, magnitude in ((False, False), (True, False), (False, True))
    ]
    tokens = {token for text in texts for token in _TOKEN.findall(text)}
    return frozenset(tokens | {token.removesuffix("%") for token in tokens})
