"""What was recognised -> lines of ``pilot.toml``, with what a person must still decide."""

from collections.abc import Iterator, Mapping, Sequence

from pilot_analysis.ingest.formats import formats
from pilot_analysis.scaffold.items import ProposedItem
from pilot_analysis.scaffold.recognise import Recognised
from pilot_analysis.schema import TABLES

__all__ = ["propose_items_toml", "propose_sources"]

Items = Mapping[str, Sequence[ProposedItem]]

_ROSTERS = ("schools", "teachers", "students", "enrollments")
_DECIDE = {
    "outcome_id": "the test's name, e.g. math",
    "window": "when it was taken, e.g. fall",
    "product_id": "a product_id of products.csv",
    "school_id": "a school_id of schools.csv, or map it with `columns`",
    "wave": "which wave of the survey, e.g. spring",
    "respondent_role": "teacher, student, principal or point_person",
    "period": "week or month",
    "scope_id": "a school or the district",
}


def propose_sources(recognised: Sequence[Recognised], own: Sequence[str], items: Items) -> str:
    """Return the ``[sources]`` of a new ``pilot.toml``.

    Parameters
    ----------
    recognised : sequence of Recognised
        Of several files that could be a roster, the first is taken.
    own : sequence of str
        Tables whose empty CSV files stand in the folder. Only `schools` is switched on: the
        others are read once their ``#`` is taken away.
    items : mapping of str to list of ProposedItem
        For each survey's file.
    """
    lines = []
    for table in TABLES:
        exports = [export for export in recognised if table in export.tables]
        exports = exports[:1] if table in _ROSTERS else exports
        for export in exports:
            lines += _source(table, export, items, several=len(exports) > 1)
        if table in own:
            lines += _own(table)
    unknown = [export for export in recognised if not export.tables]
    if unknown:
        lines.append("# Not recognised:")
        lines += [f"# {export.file}: {export.problem}" for export in unknown]
        lines.append("")
    return "\n".join(lines) + "\n"


def _own(table: str) -> list[str]:
    lines = [f"[sources.{table}]", f'file = "{table}.csv"', ""]
    return lines if table == "schools" else [f"# {line}".rstrip() for line in lines[:2]] + [""]


def _source(table: str, export: Recognised, items: Items, *, several: bool) -> list[str]:
    name = f"sources.{table}"
    lines = [f"[[{name}]]" if several else f"[{name}]", f'file = "{export.file}"']
    if export.format != "plain":
        lines.append(f'format = "{export.format}"')
        lines += _values(table, export)
    asked = items.get(export.file, ()) if table == "survey_responses" else ()
    if asked:
        pairs = [f'"{item.item_id}" = {_quoted(item.column)}' for item in asked]
        lines.append(f"items = {{ {', '.join(pairs)} }}")
    return [*lines, ""]


def _values(table: str, export: Recognised) -> list[str]:
    """Return the columns that the format does not give, to be decided."""
    given = formats()[export.format].tables[table]
    known = {*given.columns, *given.values, *({"window"} if given.marks else ())}
    fields = TABLES[table].fields
    needed = [
        f.name
        for f in fields
        if (f.required or f.name in TABLES[table].key) and f.name not in known
    ]
    return [f'values.{name} = ""  # {_DECIDE.get(name, "decide")}' for name in needed]


def propose_items_toml(items: Items) -> str:
    """Return the ``[items]`` of a new ``pilot.toml``, from the questions of its surveys."""
    lines = []
    for file, proposed in items.items():
        lines.append(f"# From {file}. Delete what is no item of yours.")
        for item in proposed:
            lines += [*_item(item), ""]
    return "\n".join(lines) + "\n" if lines else ""


def _item(item: ProposedItem) -> Iterator[str]:
    yield f'[items."{item.item_id}"]'
    yield f"question = {_quoted(item.question)}"
    if item.kind != "rating":
        yield f'kind = "{item.kind}"'
    if item.kind != "comment":
        yield f"low = {item.low}"
        yield f"high = {item.high}"
    if item.answers:
        yield "# Put these in order, from the lowest to the highest:"
        yield f"answers = [{', '.join(map(_quoted, item.answers))}]"


def _quoted(text: str) -> str:
    """Return a text as TOML writes it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else " " for c in escaped) + '"'
