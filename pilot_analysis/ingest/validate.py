"""The rules of the clean tables: pandera's checks, keys, as they are declared."""

import numpy as np
import pandas as pd
import pandera.errors

from pilot_analysis.ingest.faults import describe_rows
from pilot_analysis.ingest.reconcile import Loaded
from pilot_analysis.schema import Field, pandera_schema

__all__ = ["check_keys", "check_order", "check_schema"]

_FIRST_THEN_LAST = (("begin", "end"), ("opened_at", "resolved_at"), ("value_low", "value_high"))


def check_keys(loaded: Loaded) -> list[str]:
    """Return a line for each file in which a key stands twice."""
    key = list(loaded.table.key)
    frame, origin = loaded.frame, loaded.origin
    whole = frame[key].notna().all(axis=1)
    later = (frame.duplicated(key) & whole).to_numpy()

    def what(position: int) -> str:
        values = frame.loc[position, key]
        same = np.flatnonzero((frame[key] == values).all(axis=1).to_numpy())
        shown = " and ".join(f'{name} "{_shown(value)}"' for name, value in values.items())
        places = ", ".join(origin.place(i) for i in same[:3] if i != position)
        return f"the key {shown} stands here and in {places}"

    return describe_rows(
        origin,
        key[-1],
        later,
        what,
        f"Each {' and '.join(key)} may stand once: delete the repeat, or set `keep` in pilot.toml",
    )


def check_schema(loaded: Loaded) -> list[str]:
    """Return a line for each rule of the pandera schema that the table breaks.

    Repeated keys are left to `check_keys`, whose lines name the key and both rows.
    """
    try:
        pandera_schema(loaded.table.name).validate(loaded.frame, lazy=True)
    except pandera.errors.SchemaErrors as errors:
        cases = errors.failure_cases
    else:
        return []
    faults = []
    for (column, check), group in cases.groupby(["column", "check"], sort=False):
        if check == "multiple_fields_uniqueness":
            continue
        mask = np.zeros(len(loaded.frame), dtype=bool)
        mask[group["index"].astype(int)] = True
        item, values = loaded.table.by_name[column], loaded.frame[column]
        blank = check == "not_nullable"
        if blank:
            mask &= ~loaded.origin.is_refused(column)
        faults += describe_rows(
            loaded.origin,
            column,
            mask,
            (lambda i: "is blank, and every row needs a value")
            if blank
            else (lambda i, item=item, values=values: _broken(item, values[i])),
            "Fill it in, or delete the row" if blank else "Check the export, or recode the value",
        )
    return faults


def check_order(loaded: Loaded) -> list[str]:
    """Return a line for each pair of columns of which the last stands before the first."""
    faults = []
    for first, last in _FIRST_THEN_LAST:
        if {first, last} <= set(loaded.table.by_name):
            begins, ends = loaded.frame[first], loaded.frame[last]
            faults += describe_rows(
                loaded.origin,
                last,
                (ends < begins).fillna(False).to_numpy(dtype=bool),
                lambda i, begins=begins, ends=ends, first=first: (
                    f"{_shown(ends[i])} is before {first}, {_shown(begins[i])}"
                ),
                "Check which is which",
            )
    return faults


def _broken(item: Field, value) -> str:
    if item.choices:
        known = ", ".join(item.choices)
        return f'"{value}" is not one of {known}'
    if item.names_folder:
        return (
            f'"{value}" cannot name a folder of the reports: it holds / \\ : * ? " < > | or a line '
            "end, begins or ends with a dot, or has more than 100 characters"
        )
    return f"{_shown(value)} is outside {_range(item.low, item.high)}"


def _range(low: float | None, high: float | None) -> str:
    if high is None:
        return f"the range: at least {low:g}"
    if low is None:
        return f"the range: at most {high:g}"
    return f"{low:g}-{high:g}"


def _shown(value) -> str:
    if isinstance(value, pd.Timestamp):
        return value.isoformat().removesuffix("T00:00:00")
    return f"{value:g}" if isinstance(value, float) else str(value)
