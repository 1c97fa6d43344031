"""Survey exports with one row per response -> one row per answer."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from pilot_analysis.config import ItemConfig, PilotConfig, Source, nearest
from pilot_analysis.errors import DataError
from pilot_analysis.ingest.cells import Cells
from pilot_analysis.ingest.faults import Origin, describe, describe_rows
from pilot_analysis.ingest.files import Files
from pilot_analysis.ingest.formats import Format, TableMap
from pilot_analysis.ingest.parse import Refused, parse_text
from pilot_analysis.ingest.privacy import names_in, private_faults, private_kind
from pilot_analysis.ingest.raw import RawTable, header_key
from pilot_analysis.ingest.readers.questions import Questions, read_questions
from pilot_analysis.ingest.readers.reading import Reading, Step
from pilot_analysis.ingest.readers.rows import rows_aside
from pilot_analysis.ingest.records import Record
from pilot_analysis.schema import TABLES, Table

__all__ = ["read_answers"]

_VALUE = TABLES["survey_responses"].by_name["value"]
_SPACES = re.compile(r"\s+")


def read_answers(
    files: Files, source: Source, form: Format, table: Table, config: PilotConfig
) -> Reading:
    """Read a survey: each response becomes an answer to each item that the source names.

    Parameters
    ----------
    files, source, form, table, config
        As for every reader. `source.items` says which column answers which item; the other
        clean columns are the response's.

    Returns
    -------
    Reading
        Previews and tests are set aside among the responses; an unanswered item is an answer
        without a value, and set aside later.

    Raises
    ------
    DataError
        No item is named, or a column is not found.
    """
    if not source.items:
        raise DataError(
            describe(
                source.file,
                "no item is named, so no column of this survey would be read",
                f"Say which column answers which item: items = {{ ... }} in sources.{table.name}",
            )
        )
    records = files.records(source)
    questions, responses = read_questions(files.label(source), records, form.n_headers)
    _count_responses(files, source, len(responses))
    given = form.tables.get(table.name, TableMap.empty())
    positions = {
        item: questions.position(name, f"items.{item} of sources.{table.name}")
        for item, name in source.items.items()
    }
    pseudonyms, kind = config.privacy.pseudonyms, _kinds(questions)
    if private := private_faults(source, table.name, pseudonyms=pseudonyms, kind=kind):
        raise DataError("\n  ".join(private))
    wide = _columns(questions, responses)
    files.note_names(source, names_in(wide, also=("name",)))
    aside = rows_aside(wide, given)
    kept = ~np.logical_or.reduce([np.zeros(len(responses), dtype=bool), *aside.values()])
    step = Step("responses", len(responses), {r: int(m.sum()) for r, m in aside.items()})
    sent = [response for response, is_kept in zip(responses, kept, strict=True) if is_kept]
    faults = _scale_faults(questions, sent, positions, config)
    answers, more = _answers(questions, wide, positions, kept, config)
    is_comment = [config.items[item].kind == "comment" for item in answers]
    raw = _long(wide, answers, np.array(is_comment), kept)
    filled = given.fill(source, raw, table)
    return Reading(raw, filled, {}, (step,), (*faults, *more))


def _count_responses(files: Files, source: Source, n: int) -> None:
    """Note how many responses the file holds: it has more than one row of headers."""
    for read in files.reads(source):
        if read.file == files.label(source):
            files.note(source, replace(read, rows=n))


def _kinds(questions: Questions) -> Callable[[str], str]:
    """Return what says which kind of private column a name is, by all names of that column."""

    def kind(name: str) -> str:
        columns = (labels for labels in questions.labels if header_key(name) in labels)
        return next(filter(None, (private_kind(label) for c in columns for label in c)), "")

    return kind


def _columns(questions: Questions, responses: Sequence[Record]) -> RawTable:
    """Return one column for each label: a column may be called by any of its names."""
    cells = [Cells.of(column) for column in zip(*(r.cells for r in responses), strict=True)]
    names, columns = {}, {}
    for i, labels in enumerate(questions.labels):
        for label in labels:
            if sum(label in other for other in questions.labels) == 1:
                names[label], columns[label] = questions.headers[i], cells[i]
    names |= {"response row": "response row"}
    # With the file's name: row 7 of another survey is another person.
    columns["response row"] = Cells.of([f"{questions.file} row {r.row}" for r in responses])
    for i, header in enumerate(questions.headers):
        columns.setdefault(header_key(header), cells[i])
        names.setdefault(header_key(header), header)
    return RawTable(questions.file, names, columns, np.array([r.row for r in responses]))


def _answers(
    questions: Questions,
    wide: RawTable,
    positions: dict[str, int],
    kept: np.ndarray,
    config: PilotConfig,
) -> tuple[dict[str, Cells], list[str]]:
    """Return each item's answers as numbers or text, and the words that are no answer."""
    answers, faults = {}, []
    for item, position in positions.items():
        header = questions.headers[position]
        cells = wide.columns[header_key(header)].where(kept)
        settings, words = config.items[item], config.answers_of(item)
        values = [_value(text, settings, words) for text in cells.distinct]
        strange = np.array([value is None for value in values], dtype=bool)[cells.codes]
        origin = Origin(
            np.full(len(strange), wide.file, dtype=object),
            wide.rows[kept],
            {(wide.file, item): header},
        )
        faults += describe_rows(
            origin,
            item,
            strange,
            lambda i, cells=cells, words=words: (
                f'"{cells.distinct[cells.codes[i]]}" is not '
                + (
                    f"one of the answers{nearest(cells.distinct[cells.codes[i]], words)}"
                    if words
                    else "a number"
                )
            ),
            f"Correct the answers of items.{item} in pilot.toml, or add it to its no_answer"
            if words
            else f"Say its answers from the lowest to the highest: answers of items.{item}",
        )
        if settings.chosen and (untold := _untold(cells, item, settings)):
            faults.append(describe(wide.file, *untold, column=header))
        texts = np.array(["" if value is None else value for value in values], dtype=object)
        answers[item] = Cells(cells.codes, texts)
    return answers, faults


def _untold(cells: Cells, name: str, item: ItemConfig) -> tuple[str, str] | None:
    """Return what is wrong, and what to do, where a column does not tell who chose an option."""
    texts = {cells.distinct[code] for code in cells.codes}
    option = item.chosen
    if "1" not in {_value(text, item, ()) for text in texts}:
        options = {part.strip() for text in texts for part in text.split(",")} - {""}
        found = f'no answer holds the option "{option}"{nearest(option, options)}'
        return found, f"Correct `chosen` of items.{name} in pilot.toml, or take the item out"
    if {_normal(text) for text in texts} == {"", _normal(option)}:
        found = f'holds "{option}" or nothing, so a blank may mean not chosen or not answered'
        return found, (
            "Export all options of the question in one column (SurveyMonkey: condensed; Qualtrics: "
            f"without splitting multi-value fields), or take items.{name} out"
        )
    return None


def _value(text: str, item: ItemConfig, words: tuple[str, ...]) -> str | None:
    """Return an answer as the clean table holds it; blank: none; None: no answer known."""
    plain = _normal(text)
    if not plain or plain in map(_normal, item.no_answer):
        return ""
    if item.chosen:
        wanted = re.escape(_normal(item.chosen))
        return "1" if re.search(rf"(^|[,;] ?){wanted}($|[,;])", plain) else "0"
    if not words:
        refused = item.kind != "comment" and isinstance(parse_text(_VALUE, text), Refused)
        return None if refused else text
    order = [_normal(word) for word in words]
    return str(item.low + order.index(plain)) if plain in order else None


def _normal(text: str) -> str:
    return _SPACES.sub(" ", text).strip().casefold()


def _scale_faults(
    questions: Questions,
    responses: Sequence[Record],
    positions: dict[str, int],
    config: PilotConfig,
) -> list[str]:
    """Refuse a recommend item that may have been offered from 1 to 10: no export says it."""
    faults = []
    for item, position in positions.items():
        settings = config.items[item]
        undeclared = settings.kind == "recommend" and settings.offered_from is None
        if not undeclared or config.answers_of(item):
            continue
        if "0" not in {record.cells[position].strip() for record in responses}:
            faults.append(
                describe(
                    questions.file,
                    "no answer is 0, so the form may have offered 1 to 10, which is no Net "
                    "Promoter Score",
                    f"Look at the form, and say offered_from = 0 or 1 for items.{item}",
                    column=questions.headers[position],
                )
            )
    return faults


def _long(
    wide: RawTable, answers: dict[str, Cells], is_comment: np.ndarray, kept: np.ndarray
) -> RawTable:
    """Return one row per kept response and item: a comment in `text`, another answer in `value`."""
    n, m = int(kept.sum()), len(answers)
    columns = {}
    for key, cells in wide.columns.items():
        here = cells.where(kept)
        columns[key] = Cells(np.repeat(here.codes, m), here.distinct)
    columns["item_id"] = Cells(np.tile(np.arange(m), n), np.array(list(answers), dtype=object))
    texts = np.column_stack([cells.texts() for cells in answers.values()])
    columns["value"] = Cells.of(np.where(is_comment, "", texts).ravel())
    columns["text"] = Cells.of(np.where(is_comment, texts, "").ravel())
    names = wide.names | {name: name for name in ("item_id", "value", "text")}
    return RawTable(wide.file, names, columns, np.repeat(wide.rows[kept], m))
