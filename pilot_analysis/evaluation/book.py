"""The results so far, looked up by what the scorecard asks for."""

from collections import defaultdict
from math import isnan
from typing import Any

import pandas as pd

from pilot_analysis.config import PilotConfig

__all__ = ["Book"]


class Book:
    """The results so far, looked up by name and school.

    Parameters
    ----------
    frame : pandas.DataFrame
        `Results.frame`.
    config : PilotConfig
    """

    def __init__(self, frame: pd.DataFrame, config: PilotConfig):
        self.config = config
        self._rows: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
        columns = [
            "result_id",
            "section",
            "name",
            "kind",
            "school_id",
            "product_id",
            "outcome",
            "group",
            "category",
            "time",
            "level",
            "unit",
            "estimate",
            "conf_low",
            "conf_high",
            "n",
        ]
        for values in zip(*(frame[column].tolist() for column in columns), strict=True):
            row = dict(zip(columns, values, strict=True))
            self._rows[f"{row['section']}.{row['name']}", row["school_id"]].append(row)

    def find(self, name: str, school: str, **keys: str) -> list[dict[str, Any]]:
        """Return the rows of a school (blank: network) whose keys equal `keys`, in order."""
        rows = self._rows.get((name, school), [])
        return [row for row in rows if all(row[key] == value for key, value in keys.items())]

    def one(self, name: str, school: str, **keys: str) -> dict[str, Any] | None:
        """Return the first such row that holds a number or a level, or None."""
        rows = self.find(name, school, **keys)
        return next((r for r in rows if r["level"] or not isnan(r["estimate"])), None)

    def last_wave(self, name: str, school: str, product: str) -> list[dict[str, Any]]:
        """Return the rows of the latest wave in which there are any, in the order of the rows."""
        rows = [r for r in self.find(name, school, product_id=product) if not isnan(r["estimate"])]
        waves = list(dict.fromkeys(row["time"] for row in rows))
        return [row for row in rows if row["time"] == waves[-1]] if waves else []
