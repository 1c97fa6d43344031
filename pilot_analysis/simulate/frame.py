"""Columns -> clean tables with every column and its kind; clean tables -> text."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from pilot_analysis.schema import TABLES

__all__ = ["clean_frame", "written"]


def clean_frame(name: str, columns: Mapping[str, Any] | list[dict[str, Any]]) -> pd.DataFrame:
    """Return `columns` (or rows) as clean table `name`: all its columns, sorted by its key."""
    table = TABLES[name]
    frame = pd.DataFrame(columns).reindex(columns=[f.name for f in table.fields])
    frame = frame.astype({f.name: f.dtype for f in table.fields})
    return frame.sort_values(list(table.key), ignore_index=True)


def written(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a clean table as text, the same on every machine; missing stays missing."""
    shown = frame.copy()
    for column, dtype in frame.dtypes.items():
        if dtype == "boolean":
            shown[column] = frame[column].map({True: "true", False: "false"})
        elif dtype == "float64":
            shown[column] = frame[column].map("{:.10g}".format, na_action="ignore")
        elif dtype.kind == "M":
            midnight = (frame[column].dropna() == frame[column].dropna().dt.normalize()).all()
            shown[column] = frame[column].dt.strftime("%Y-%m-%d" if midnight else "%Y-%m-%d %H:%M")
    return shown.astype(object)
