"""The clean tables: names, keys, columns, units and rules, from which pandera schemas are made."""

from functools import cache

import pandera.pandas as pa

from pilot_analysis.schema.columns import FOLDER_NAME, Field, Kind, Table
from pilot_analysis.schema.records import RECORDS
from pilot_analysis.schema.rosters import ROSTERS

__all__ = ["FOLDER_NAME", "TABLES", "Field", "Kind", "Table", "data_dictionary", "pandera_schema"]

TABLES: dict[str, Table] = {table.name: table for table in (*ROSTERS, *RECORDS)}


@cache
def pandera_schema(name: str) -> pa.DataFrameSchema:
    """Return the pandera schema of one clean table.

    Parameters
    ----------
    name : str
        A key of `TABLES`.

    Returns
    -------
    pandera.pandas.DataFrameSchema
        Validate with ``lazy=True`` to collect every failure. Columns that the table does not
        declare are refused, except in `students`, which may hold further group columns.
    """
    table = TABLES[name]
    columns = {}
    for item in table.fields:
        checks = []
        if item.choices:
            checks.append(pa.Check.isin(item.choices))
        if item.low is not None:
            checks.append(pa.Check.ge(item.low))
        if item.high is not None:
            checks.append(pa.Check.le(item.high))
        if item.names_folder:
            checks.append(pa.Check.str_matches(rf"^{FOLDER_NAME}$"))
        columns[item.name] = pa.Column(
            item.dtype,
            checks,
            nullable=not (item.required or item.name in table.key),
            required=item.required or item.name in table.key,
            description=item.description,
        )
    return pa.DataFrameSchema(
        columns,
        unique=list(table.key),
        strict=name != "students",
        name=name,
        description=table.description,
    )


def data_dictionary() -> str:
    """Return ``docs/data_dictionary.md``, generated from `TABLES`."""
    lines = [
        "# Data dictionary",
        "",
        "Generated from `pilot_analysis/schema/` by `pilot dictionary`; do not edit by hand.",
        "Ids are text, never numbers. Every table but `schools` is optional: what is missing is",
        'reported as "not collected". A row whose student or teacher is not on the roster is set',
        "aside and counted; an unknown school or product stops the load.",
    ]
    for table in TABLES.values():
        lines += [
            "",
            f"## {table.name}",
            "",
            table.description,
            "",
            f"Key: {', '.join(f'`{k}`' for k in table.key)}.{_measured(table)}",
            "",
            "| column | kind | needed | rule | meaning |",
            "|---|---|---|---|---|",
        ]
        for item in table.fields:
            needed = "yes" if item.required or item.name in table.key else ""
            lines.append(
                f"| `{item.name}` | {item.kind} | {needed} | {_rule(item)} | {item.description} |"
            )
    return "\n".join(lines) + "\n"


def _measured(table: Table) -> str:
    if not table.measures:
        return ""
    names = ", ".join(f"`{name}`" for name in table.measures)
    return f" A row in which all of {names} are blank records nothing and is set aside."


def _rule(item: Field) -> str:
    if item.choices:
        return "one of " + ", ".join(item.choices)
    if item.references:
        return f"in `{item.references}`; otherwise {item.unknown}"
    if item.names_folder:
        return "can name a folder"
    bounds = [
        f"at least {item.low:g}" if item.low is not None else "",
        f"at most {item.high:g}" if item.high is not None else "",
    ]
    return ", ".join(b for b in bounds if b)
