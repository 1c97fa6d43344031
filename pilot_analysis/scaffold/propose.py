"""What was recognised -> lines of ``pilot.toml``, with what a person must still decide."""

import re
from collections.abc import Iterator, Sequence

from pilot_analysis.ingest.formats import TableMap, formats
from pilot_analysis.ingest.privacy import private_kind
from pilot_analysis.ingest.raw import header_key
from pilot_analysis.scaffold.items import Proposal, ProposedItem, answer_sets
from pilot_analysis.scaffold.recognise import Recognised
from pilot_analysis.schema import TABLES

__all__ = ["propose_items_toml", "propose_sources"]

_ROSTERS = ("schools", "teachers", "students", "enrollments")
_DECIDE = {
    "outcome_id": "the test's name, e.g. math",
    "window": "when it was taken, e.g. fall; or, by the day, windows = { fall = [first, last] }",
    "product_id": "a product_id of products.csv",
    "school_id": "a school_id of schools.csv, or map it with `columns`",
    "wave": "which wave of the survey, e.g. spring",
    "respondent_role": "teacher, student, principal or point_person",
    "period": "week or month",
    "scope_id": "a school or the district",
}
# A OneRoster package calls people by its own ids; other exports may know them by another number.
_IDENTIFIERS = {
    "students": '{ student_id = "identifier" }',
    "teachers": '{ teacher_id = "identifier" }',
    "enrollments": '{ student_id = "student identifier", teacher_id = "teacher identifier" }',
}
_PULLED_ON = "# pulled_on = 2025-10-06          # the day of the export, if no column says it"
_LOGS = ("weeks", "pulls")  # readers of several files at once
_SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})/\d{2,4}\b")


def propose_sources(
    recognised: Sequence[Recognised], own: Sequence[str], proposal: Proposal
) -> str:
    """Return the ``[sources]`` of a new ``pilot.toml``.

    Parameters
    ----------
    recognised : sequence of Recognised
        Of several files that could be a roster one is taken: a OneRoster package before others.
    own : sequence of str
        Tables whose empty CSV files stand in the folder. Only `schools` is switched on: the
        others are read once their ``#`` is taken away.
    proposal : Proposal
        The items of each survey.
    """
    lines = []
    for table in TABLES:
        exports = [export for export in recognised if table in export.tables]
        if table in _ROSTERS:
            exports = sorted(exports, key=lambda export: export.format != "oneroster")[:1]
        together = [*_together(exports)]
        for export, file in together:
            lines += _source(table, export, file, proposal, several=len(together) > 1)
        if table in own:
            lines += _own(table)
    unknown = [export for export in recognised if not export.tables]
    if unknown:
        lines.append("# Not recognised:")
        for export in unknown:
            lines.append(f"# {_in_a_line(export.place)}: {_in_a_line(export.problem)}")
            if export.header:
                lines.append(f"#   columns: {_in_a_line(', '.join(_columns(export)))}")
        lines.append("")
    return "\n".join(lines) + "\n"


def _together(exports: Sequence[Recognised]) -> Iterator[tuple[Recognised, str]]:
    """Yield each export with its file; logs that differ in digits only have one pattern."""
    seen: dict[tuple, list[Recognised]] = {}
    for export in exports:
        is_log = export.format and formats()[export.format].reader in _LOGS
        pattern = re.sub(r"\d+", "*", export.file) if is_log else export.place
        seen.setdefault((pattern, export.format, export.header), []).append(export)
    for (pattern, *_), same in seen.items():
        yield same[0], pattern if len(same) > 1 else same[0].file


def _own(table: str) -> list[str]:
    lines = [f"[sources.{table}]", f'file = "{table}.csv"', ""]
    return lines if table == "schools" else [f"# {line}" for line in lines[:2]] + [""]


def _source(
    table: str, export: Recognised, file: str, proposal: Proposal, *, several: bool
) -> list[str]:
    name = f"sources.{table}"
    lines = [f"[[{name}]]" if several else f"[{name}]", f"file = {_quoted(file)}"]
    if export.sheet:
        lines.append(f"sheet = {_quoted(export.sheet)}")
    if export.format != "plain":
        lines.append(f'format = "{export.format}"')
        if export.format == "oneroster" and table in _IDENTIFIERS:
            lines.append("# If the other exports call people by another number than sourcedId:")
            lines.append(f"# columns = {_IDENTIFIERS[table]}")
        lines += _values(table, export)
        lines += _dates(table, export)
        if table == "students" and export.format != "oneroster":
            lines.append('keep = "distinct"              # a student has a row for each test')
    if table == "survey_responses":
        others = proposal.others.get(export.place)
        lines += [f"# Other columns: {_in_a_line(', '.join(others))}"] if others else []
        if asked := proposal.columns.get(export.place):
            lines.append(f"[{name}.items]")
            lines += [f"{item} = {_quoted(column)}" for item, column in asked.items()]
    return [*lines, ""]


def _values(table: str, export: Recognised) -> list[str]:
    """Return the columns that neither the format nor this file gives, to be decided."""
    form = formats()[export.format]
    given = form.tables[table]
    known = {*given.values, *(clean for clean in given.columns if _has(export, given, clean))}
    if any(header_key(mark) in export.header for marks in given.marks.values() for mark in marks):
        known.add("window")
    needed = [
        f.name
        for f in TABLES[table].fields
        if (f.required or f.name in TABLES[table].key) and f.name not in known
    ]
    return [
        _PULLED_ON
        if (name, form.reader) == ("period_start", "snapshot")
        else f'values.{name} = ""  # {_DECIDE.get(name, "decide")}'
        for name in needed
    ]


def _has(export: Recognised, given: TableMap, clean: str) -> bool:
    """Return whether a file has a clean column; a survey's reader finds or makes its own."""
    is_whole = not export.header or formats()[export.format].reader == "answers"
    return is_whole or bool({*map(header_key, given.columns[clean])} & export.header)


def _dates(table: str, export: Recognised) -> list[str]:
    """Return how the file writes dates with slashes, where its own dates leave no doubt."""
    given = formats()[export.format].tables[table]
    dates = [f.name for f in TABLES[table].fields if f.kind == "date" and f.name in given.columns]
    names = {header_key(name) for clean in dates for name in given.columns[clean]}
    if given.dates or not names & export.header:
        return []
    keys = [header_key(cell) for cell in export.records[0].cells]
    days = {
        (int(found[1]), int(found[2]))
        for record in export.records[1:]
        for key, cell in zip(keys, record.cells, strict=False)
        if key in names and (found := _SLASHED.match(cell.strip()))
    }
    first, second = (max((day[i] for day in days), default=0) for i in (0, 1))
    if not days:
        return []
    if (first > 12) == (second > 12):
        return ['# dates = "month first"          # or "day first": the file does not tell']
    order = "month first" if second > 12 else "day first"
    return [f'dates = "{order}"            # no month has the number {max(first, second)}']


def _columns(export: Recognised) -> list[str]:
    cells = [cell.strip() for cell in export.records[0].cells]
    return [cell for cell in cells if cell and not private_kind(cell)]


def propose_items_toml(proposal: Proposal) -> str:
    """Return the ``[answers]`` and ``[items]`` of a new ``pilot.toml``."""
    used = dict.fromkeys(item.answer_set for item in proposal.items.values() if item.answer_set)
    lines = ["# Check the order: from the lowest to the highest.", "[answers]"] if used else []
    lines += [f"{name} = [{', '.join(map(_quoted, answer_sets()[name]))}]" for name in used]
    if proposal.items:
        lines += ["", "# From the surveys. Delete what is no item of yours, here and in sources."]
    for name, item in proposal.items.items():
        lines += [f"[items.{name}]", *_item(item), ""]
    return "\n".join(lines) + "\n" if lines else ""


def _item(item: ProposedItem) -> Iterator[str]:
    yield f"question = {_quoted(item.question)}"
    if item.kind != "rating":
        yield f'kind = "{item.kind}"'
    if item.kind != "comment":
        yield f"low = {item.low}"
        yield f"high = {item.high}"
    if item.kind == "recommend":
        yield "# offered_from = 0               # where the form's scale began: 0 or 1"
    if item.answer_set:
        yield f'answers = "{item.answer_set}"'
    elif item.answers:
        yield "# Put these in order, from the lowest to the highest, and take the # away:"
        yield f"# answers = [{', '.join(map(_quoted, item.answers))}]"


def _quoted(text: str) -> str:
    """Return a text as TOML writes it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + _in_a_line(escaped) + '"'


def _in_a_line(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)
