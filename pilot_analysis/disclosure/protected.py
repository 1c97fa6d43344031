"""`ProtectedResults`: the only results that a report accepts."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pilot_analysis.disclosure.policy import PEOPLE, DisclosurePolicy
from pilot_analysis.disclosure.rounding import NUMBERS
from pilot_analysis.disclosure.rules import told_rule
from pilot_analysis.errors import DisclosureError
from pilot_analysis.results import COLUMNS, result

__all__ = ["HEADLINES", "OTHERS", "ProtectedResults", "make_protected", "shown_share"]

OTHERS = (
    "section", "name", "kind", "population", "product_id", "outcome", "group", "category", "time",
    "estimate", "unit",
)  # fmt: skip
"""Columns of `ProtectedResults.others`."""

COMPARED = frozenset({"recommendation.nps"})
"""The only results whose values at other schools a brief may use: no more than it draws."""

HEADLINES = frozenset({
    "why.grounded_in", "why.change", "conditions.students_rostered", "conditions.classes",
    "conditions.teachers_took_part", "usage.met_dose", "support.contacts",
    "support.median_days_to_resolve", "recommendation.nps", "learning.effect",
    "learning.school_effect_shrunken",
})  # fmt: skip
"""What a brief says at a glance and in its first lines, about everyone (not about a group)."""

_FILE = "results.parquet"
_GATE = object()
_LISTS = ("flags", "relation")
_WHOLE = ("n", "n_clusters")
_NUMBERS = ("count", "proportion", "mean", "effect", "score")


class ProtectedResults:
    """Rounded results of which nothing is left that the policy hides.

    They are made by `protect` and read back by `ProtectedResults.read`, never by hand.

    Parameters
    ----------
    gate : object
        Held by the gate alone.
    frame : pandas.DataFrame
        Columns `results.COLUMNS` and "suppressed", one row per result.
    others : pandas.DataFrame or None
        Columns `OTHERS`; None: to be made from `frame` when a brief is cut out of it.
    policy : DisclosurePolicy
    """

    __slots__ = ("_frame", "_others", "_policy")

    def __init__(self, gate: Any = None, frame=None, others=None, policy=None):
        if gate is not _GATE:
            raise DisclosureError(
                "ProtectedResults cannot be made by hand: hand Results to disclosure.protect, or "
                "read those of a run with ProtectedResults.read."
            )
        self._frame = frame
        self._others = others
        self._policy = policy

    @property
    def policy(self) -> DisclosurePolicy:
        """The policy that decided."""
        return self._policy

    @property
    def frame(self) -> pd.DataFrame:
        """A copy of the results: columns `results.COLUMNS` and "suppressed".

        Of the part of one brief, "suppressed" is what its readers are told (`told_rule`).
        """
        return self._frame.copy()

    @property
    def others(self) -> pd.DataFrame:
        """Shown values of the other schools, without school, n or interval.

        Columns `OTHERS`, sorted by value, so that the order says nothing about the school; the
        results in `COMPARED` alone. Empty unless this is the part of one brief.
        """
        return pd.DataFrame(columns=list(OTHERS)) if self._others is None else self._others.copy()

    def __len__(self) -> int:
        return len(self._frame)

    def __repr__(self) -> str:
        hidden = int((self._frame["suppressed"] != "").sum())
        name = self._policy.name
        return f"ProtectedResults({len(self)} results, {hidden} hidden, policy {name!r})"

    def for_brief(self, school_id: str | None = None, product_id: str | None = None):
        """Return the part that one brief may use.

        Parameters
        ----------
        school_id : str or None
            None or blank: the network's brief, which sees the network's results.
        product_id : str or None
            None or blank: every product. Otherwise the results of this product, and those that
            are about no product.

        Returns
        -------
        ProtectedResults
            The school's own results and the network's; `others` holds the other schools' values.
        """
        mine = ["", school_id or ""]
        rows, others = self._frame, self._others
        if others is None:
            others = _others(rows[~rows["school_id"].isin(mine)])
        rows = rows[rows["school_id"].isin(mine)]
        if product_id:
            rows = rows[rows["product_id"].isin(["", product_id])]
            others = others[others["product_id"].isin(["", product_id])]
        return ProtectedResults(
            _GATE, _told(rows.reset_index(drop=True)), others.reset_index(drop=True), self._policy
        )

    def write(self, folder: str | Path) -> Path:
        """Write the results and their policy to ``results.parquet`` in `folder`."""
        if self._others is not None:
            raise DisclosureError("write the results of the whole run, not the part of one brief.")
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        table = pa.Table.from_pandas(_with_lists(self._frame), _SCHEMA, preserve_index=False)
        table = table.replace_schema_metadata({"policy": self._policy.to_json()})
        unfinished = folder / f"{_FILE}.part"
        pq.write_table(table, unfinished)
        return unfinished.replace(folder / _FILE)

    @classmethod
    def read(cls, folder: str | Path, school_id: str | None = None) -> "ProtectedResults":
        """Read what `write` wrote.

        Parameters
        ----------
        folder : path
            The run's folder of prepared results.
        school_id : str or None
            Read only the part for this school's brief, as `for_brief` returns it (blank: the
            network's); None: all.

        Raises
        ------
        DisclosureError
            There is no such file, or it is not one that `write` wrote.
        """
        path = Path(folder) / _FILE
        try:
            table = pq.read_table(path)
            policy = json.loads((table.schema.metadata or {})[b"policy"])
        except (OSError, pa.ArrowInvalid, KeyError, ValueError) as error:
            raise DisclosureError(
                f"{path}: holds no protected results ({error}); prepare the run again."
            ) from error
        if tuple(table.column_names) != (*COLUMNS, "suppressed"):
            raise DisclosureError(f"{path}: was written by another version; prepare the run again.")
        policy = DisclosurePolicy.from_dict(policy)
        if school_id is None:
            return cls(_GATE, _from_arrow(table), None, policy)
        mine = pc.is_in(table["school_id"], pa.array(["", school_id]))
        elsewhere = table.filter(pc.invert(mine)).select([*OTHERS, "suppressed"])
        others = _others(elsewhere.to_pandas())
        return cls(_GATE, _told(_from_arrow(table.filter(mine))), others, policy)

    def to_json(self) -> list[dict[str, Any]]:
        """Return one dict per result, sorted by id, for ``results.json``; no NaN: None.

        Each value in `others` is a result of "another school" whose number is its rank.
        """
        rows = [*_told(self._frame).to_dict("records"), *self._other_rows()]
        return [_plain(row) for row in sorted(rows, key=lambda row: row["result_id"])]

    def _other_rows(self) -> list[dict[str, Any]]:
        others = self.others
        ranks = others.groupby([c for c in OTHERS if c != "estimate"]).cumcount() + 1
        rows = []
        for rank, row in zip(ranks, others.to_dict("records"), strict=True):
            keys = {key: row[key] for key in ("product_id", "outcome", "group", "category", "time")}
            rows.append(
                result(
                    row["section"], row["name"], row["kind"], row["population"], row["estimate"],
                    unit=row["unit"], school_id=f"another school {rank}", **keys,
                ) | {"suppressed": ""}
            )  # fmt: skip
        return [{key: row[key] for key in (*COLUMNS, "suppressed")} for row in rows]


def make_protected(frame: pd.DataFrame, policy: DisclosurePolicy) -> ProtectedResults:
    """Seal what `protect` decided; nothing else calls this."""
    return ProtectedResults(_GATE, frame, None, policy)


def shown_share(protected: ProtectedResults) -> pd.DataFrame:
    """Return how many of the numbers about people may be shown.

    Returns
    -------
    pandas.DataFrame
        Index: section, then "headlines" (those of `HEADLINES`, which are counted in their
        sections as well), and "all" last. Columns: numbers (counts, shares, averages, differences
        and scores), shown, as_range, hidden, share (shown / numbers), and share_with_ranges.
    """
    frame = protected.frame
    frame = frame[frame["kind"].isin(_NUMBERS) & frame["population"].ne("none")]
    is_range = frame["suppressed"].eq("") & frame["estimate"].isna() & frame["level"].ne("")
    counts = pd.DataFrame({
        "numbers": 1, "shown": frame["suppressed"].eq("") & ~is_range, "as_range": is_range,
        "hidden": frame["suppressed"].ne(""),
    }).astype(int)  # fmt: skip
    is_headline = (frame["section"] + "." + frame["name"]).isin(HEADLINES)
    is_headline &= frame["section"].eq("why") | frame["group"].eq("")
    is_headline &= ~frame["section"].isin(["support", "usage"]) | frame["category"].eq("")
    of_people = frame["population"].isin(PEOPLE)
    table = counts[of_people].groupby(frame["section"], sort=True).sum()
    table.loc["headlines"] = counts[is_headline].sum()
    table.loc["all"] = counts[of_people].sum()
    numbers = table["numbers"].where(table["numbers"] > 0)
    said = table["shown"] + table["as_range"]
    return table.assign(share=table["shown"] / numbers, share_with_ranges=said / numbers)


def _told(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(suppressed=frame["suppressed"].map(told_rule))


def _others(frame: pd.DataFrame) -> pd.DataFrame:
    shown = frame["suppressed"].eq("") & frame["estimate"].notna()
    shown &= (frame["section"] + "." + frame["name"]).isin(COMPARED)
    frame = frame.loc[shown, list(OTHERS)]
    return frame.sort_values(list(OTHERS), kind="stable", ignore_index=True)


def _column_type(column: str) -> pa.DataType:
    if column in NUMBERS:
        return pa.float64()
    if column in _LISTS:
        return pa.list_(pa.string())
    return pa.bool_() if column == "exploratory" else pa.string()


_SCHEMA = pa.schema([(column, _column_type(column)) for column in (*COLUMNS, "suppressed")])


def _with_lists(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(**{column: frame[column].map(list) for column in _LISTS})


def _from_arrow(table: pa.Table) -> pd.DataFrame:
    frame = table.to_pandas()
    for column in _LISTS:
        frame[column] = [tuple(values) for values in frame[column]]
    for column in NUMBERS:
        frame[column] = frame[column].astype(float)
    return frame


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    plain = {}
    for key, value in row.items():
        if isinstance(value, float) and not math.isfinite(value):
            value = None
        elif key in _WHOLE:
            value = int(value)
        elif isinstance(value, tuple):
            value = list(value)
        elif isinstance(value, np.generic):
            value = value.item()
        plain[key] = value
    return plain
