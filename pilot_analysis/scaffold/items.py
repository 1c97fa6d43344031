"""Items of a survey, proposed from its questions and answers."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pilot_analysis.errors import DataError
from pilot_analysis.ingest.formats import formats
from pilot_analysis.ingest.privacy import private_kind
from pilot_analysis.ingest.readers.questions import Questions, read_questions
from pilot_analysis.scaffold.recognise import Recognised

__all__ = ["ProposedItem", "propose_items"]

_RECOMMEND = re.compile(r"recommend|empfehl|recomend|recommand", re.IGNORECASE)
_META = re.compile(
    r"^(v\d+|startdate|enddate|status|progress|duration.*|finished|recordeddate|responseid|"
    r"externalreference|externaldatareference|distributionchannel|userlanguage|timestamp|"
    r"zeitstempel|marca temporal|horodateur|respondent id|collector id|start date|end date|"
    r"custom data \d+|responseset|locationaccuracy)$",
    re.IGNORECASE,
)
_MOST_WORDS = 11


@dataclass(frozen=True, slots=True)
class ProposedItem:
    """An item as it could stand in ``pilot.toml``; a person checks it.

    `answers` are in the order in which they were met: their true order is not in the file.
    """

    item_id: str
    column: str
    question: str
    kind: str
    low: int
    high: int
    answers: tuple[str, ...] = ()


def propose_items(exports: Sequence[Recognised]) -> dict[str, list[ProposedItem]]:
    """Propose an item for every question that is no record of the survey tool itself.

    Parameters
    ----------
    exports : sequence of Recognised

    Returns
    -------
    dict of str to list of ProposedItem
        For each survey's file. No two items have the same id.
    """
    seen: set[str] = set()
    return {
        survey.file: _items_of(survey, seen)
        for survey in exports
        if "survey_responses" in survey.tables and survey.format != "plain"
    }


def _items_of(survey: Recognised, seen: set[str]) -> list[ProposedItem]:
    n_headers = formats()[survey.format].n_headers
    try:
        questions, responses = read_questions(survey.file, survey.records, n_headers)
    except DataError:
        return []
    proposed = []
    for position, header in enumerate(questions.headers):
        if _META.match(header) or private_kind(header):
            continue
        answers = [r.cells[position].strip() for r in responses if r.cells[position].strip()]
        item_id = _unique(_slug(header), seen)
        text = _question(questions, survey, position)
        proposed += _propose(item_id, header, text, list(dict.fromkeys(answers)))
    return proposed


def _propose(item_id: str, header: str, text: str, answers: list[str]) -> Iterator[ProposedItem]:
    if not answers:
        return
    if all(answer.isdigit() for answer in answers):
        numbers = [int(answer) for answer in answers]
        if _RECOMMEND.search(text) and max(numbers) <= 10:
            yield ProposedItem(item_id, header, text, "recommend", 0, 10)
        elif max(numbers) <= 10:
            yield ProposedItem(item_id, header, text, "rating", min(*numbers, 1), max(numbers))
    elif 2 <= len(answers) <= _MOST_WORDS and max(map(len, answers)) < 60:
        yield ProposedItem(item_id, header, text, "rating", 1, len(answers), tuple(answers))
    else:
        yield ProposedItem(item_id, header, text, "comment", 1, 5)


def _question(questions: Questions, survey: Recognised, position: int) -> str:
    """Return the question's text: of the second row where there is one, else the header."""
    if formats()[survey.format].n_headers > 1:
        return survey.records[1].cells[position].strip() or questions.headers[position]
    return questions.headers[position]


def _slug(text: str) -> str:
    words = re.findall(r"[a-z0-9]+", text.casefold())
    return "_".join(words[:5])[:40] or "item"


def _unique(item_id: str, seen: set[str]) -> str:
    name, n = item_id, 2
    while name in seen:
        name, n = f"{item_id}_{n}", n + 1
    seen.add(name)
    return name
