"""Items of surveys, proposed from their questions and answers."""

import re
import tomllib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources

from pilot_analysis.errors import DataError
from pilot_analysis.ingest.formats import formats
from pilot_analysis.ingest.privacy import private_kind
from pilot_analysis.ingest.raw import header_key
from pilot_analysis.ingest.readers.questions import Questions, read_questions
from pilot_analysis.scaffold.recognise import Recognised

__all__ = ["Proposal", "ProposedItem", "answer_sets", "propose_items"]

_RECOMMEND = re.compile(r"recommend|empfehl|recomend|recommand", re.IGNORECASE)
_META = re.compile(
    r"^(v\d+|startdate|enddate|status|progress|duration.*|finished|recordeddate|responseid|"
    r"externalreference|externaldatareference|distributionchannel|userlanguage|timestamp|"
    r"zeitstempel|marca temporal|horodateur|respondent id|collector id|start date|end date|"
    r"custom data \d+|responseset|locationaccuracy)$",
    re.IGNORECASE,
)
_MOST_WORDS = 11
_LONGEST_ANSWER = 60


@dataclass(frozen=True, slots=True)
class ProposedItem:
    """An item as it could stand in ``pilot.toml``; a person checks it.

    `answers` are words in the order in which they were met: their true order is not in the file.
    `answer_set` names a set of `answer_sets` that holds them all, in an order that is known.
    """

    question: str
    kind: str
    low: int
    high: int
    answers: tuple[str, ...] = ()
    answer_set: str = ""


@dataclass(slots=True)
class Proposal:
    """Items by id, and which column of each survey answers which.

    Attributes
    ----------
    items : dict of str to ProposedItem
    columns : dict of str to dict
        `place` of each survey -> item -> column.
    others : dict of str to list of str
        `place` of each survey -> columns that are no questions, and say nothing of a person.
    """

    items: dict[str, ProposedItem] = field(default_factory=dict)
    columns: dict[str, dict[str, str]] = field(default_factory=dict)
    others: dict[str, list[str]] = field(default_factory=dict)


@cache
def answer_sets() -> dict[str, tuple[str, ...]]:
    """Return the sets of answers in words whose order is known, by name."""
    text = (resources.files("pilot_analysis.scaffold") / "answer_sets.toml").read_text("utf-8")
    return {name: tuple(words) for name, words in tomllib.loads(text).items()}


def propose_items(exports: Sequence[Recognised]) -> Proposal:
    """Propose an item for every question that is no record of the survey tool itself.

    The same question in two surveys is one item: its words are compared, and how it is answered.
    """
    made, ids = Proposal(), {}
    for survey in exports:
        if "survey_responses" in survey.tables and survey.format != "plain":
            _propose(survey, made, ids)
    for name, item in made.items.items():
        known = {a for other in made.items.values() for a in map(header_key, other.answers)}
        found = _set_of(item.answers, known)
        high = len(answer_sets()[found]) if found else len(item.answers) or item.high
        made.items[name] = replace(item, answer_set=found, high=high)
    return made


def _propose(survey: Recognised, made: Proposal, ids: dict[tuple, str]) -> None:
    n_headers = formats()[survey.format].n_headers
    made.columns[survey.place], made.others[survey.place] = {}, []
    try:
        questions, responses = read_questions(survey.file, survey.records, n_headers)
    except DataError:
        return  # `pilot check` tells it
    for position, header in enumerate(questions.headers):
        if _META.match(header) or any(map(private_kind, questions.labels[position])):
            continue
        if n_headers == 3 and not any(k.startswith("qid") for k in questions.labels[position]):
            made.others[survey.place].append(header)
            continue
        answers = [r.cells[position].strip() for r in responses if r.cells[position].strip()]
        item = _item(_question(questions, survey, position), list(dict.fromkeys(answers)))
        if item is None:
            continue
        same = (*re.findall(r"\w+", item.question.casefold()), item.kind, bool(item.answers))
        item_id = ids.get(same, "")
        if not item_id or item_id in made.columns[survey.place]:
            item_id = ids[same] = _unique(_slug(header), made.items)
            made.items[item_id] = item
        else:
            met = made.items[item_id]
            answers = tuple(dict.fromkeys((*met.answers, *item.answers)))
            high = max(met.high, item.high)
            made.items[item_id] = replace(met, answers=answers, high=high)
        made.columns[survey.place][item_id] = header


def _item(question: str, answers: list[str]) -> ProposedItem | None:
    """Return what the answers to a question look like; None: nobody answered it, or with codes."""
    if all(answer.isdigit() for answer in answers):
        highest = max(map(int, answers), default=99)
        if highest > 10:
            return None
        if _RECOMMEND.search(question):
            return ProposedItem(question, "recommend", 0, 10)
        return ProposedItem(question, "rating", min(1, *map(int, answers)), max(highest, 2))
    if 2 <= len(answers) <= _MOST_WORDS and max(map(len, answers)) < _LONGEST_ANSWER:
        return ProposedItem(question, "rating", 1, len(answers), tuple(answers))
    return ProposedItem(question, "comment", 1, 5)


def _set_of(answers: Sequence[str], met: Collection[str]) -> str:
    """Return the largest set that holds all of an item's answers, and of which all were met.

    Somebody agrees and somebody disagrees on any scale: two words do not tell which one it is.
    """
    fitting = [
        (len(words), name)
        for name, words in answer_sets().items()
        if answers and {*map(header_key, answers)} <= {*map(header_key, words)} <= {*met}
    ]
    return max(fitting)[1] if fitting else ""


def _question(questions: Questions, survey: Recognised, position: int) -> str:
    """Return the question's text: of the second row where there is one, else the header."""
    if formats()[survey.format].n_headers > 1:
        return survey.records[1].cells[position].strip() or questions.headers[position]
    return questions.headers[position]


def _slug(header: str) -> str:
    """Return an id made of a header's first words; of the part in "Stem [Part]"."""
    part = header.rpartition("[")[2] if header.endswith("]") else header
    words = re.findall(r"[a-z0-9]+", part.casefold())
    return "_".join(words[:5])[:40] or "item"


def _unique(item_id: str, seen: Collection[str]) -> str:
    name, n = item_id, 2
    while name in seen:
        name, n = f"{item_id}_{n}", n + 1
    return name
