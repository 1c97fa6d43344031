"""The rows of results.json: hidden ones empty, shown ones rounded, as the gate left them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from pilot_analysis.disclosure import DisclosurePolicy, ProtectedResults
from pilot_analysis.disclosure.policy import PEOPLE
from pilot_analysis.disclosure.rounding import NUMBERS, round_results
from pilot_analysis.disclosure.structure import WORDS
from pilot_analysis.release.findings import Finding
from pilot_analysis.release.reading import Released
from pilot_analysis.results import COLUMNS, Results

__all__ = ["find_in_rows", "find_small_groups", "frame_of", "known_rows"]

_COLUMNS = {*COLUMNS, "suppressed"}
_BLANK_WHEN_HIDDEN = (*NUMBERS, "level", "value_text", "method", "flags")
_ONE_PERSON = "single person role"
_ELSEWHERE = "another school "
"""What a school is called whose value a brief draws without its name."""


def known_rows(released: Released) -> list[dict[str, Any]]:
    """Return every result of a run once, without the unnamed values of other schools."""
    rows = {row["result_id"]: row for brief in released.briefs for row in brief.rows}
    return [row for row in rows.values() if not _is_unnamed(row)]


def _is_unnamed(row: Mapping[str, Any]) -> bool:
    return str(row.get("school_id", "")).startswith(_ELSEWHERE)


def frame_of(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return rows of results.json as `ProtectedResults.frame` has them."""
    frame = pd.DataFrame(list(rows), columns=[*COLUMNS, "suppressed"])
    for column in NUMBERS:
        frame[column] = pd.to_numeric(frame[column]).astype(float)
    for column in ("flags", "relation"):
        frame[column] = frame[column].map(tuple)
    return frame


def find_in_rows(released: Released) -> Iterator[Finding]:
    """Yield what is wrong with the results of a run, by themselves and beside each other."""
    said: dict[str, tuple[str, dict]] = {}
    for brief in released.briefs:
        where = f"{brief.name}/results.json"
        strange = sorted({key for row in brief.rows for key in row} ^ _COLUMNS)
        if strange and brief.rows:
            yield Finding("unknown content", where, f"Its rows hold or lack {strange[0]!r}.")
            continue
        yield from _hidden(where, brief.rows)
        yield from find_small_groups(where, brief.rows, released.protected.policy)
        yield from _not_rounded(where, brief.rows)
        through = ProtectedResults.read(_prepared(released), brief.school_id).to_json()
        yield from _changed(where, brief.rows, through)
        for row in brief.rows:
            first, other = said.setdefault(row["result_id"], (where, row))
            if other != row and not _is_unnamed(row):
                yield Finding(
                    "two answers", row["result_id"], f"It differs between {first} and {where}."
                )


def _prepared(released: Released):
    return released.folder / "_private" / "prepared"


def _hidden(where: str, rows: Sequence[Mapping]) -> Iterator[Finding]:
    for row in rows:
        left = [key for key in _BLANK_WHEN_HIDDEN if row[key] not in (None, "", [])]
        if row["suppressed"] and left:
            yield Finding(
                "hidden result", row["result_id"], f"{where} still holds its {', '.join(left)}."
            )


def find_small_groups(
    where: str, rows: Sequence[Mapping], policy: DisclosurePolicy
) -> Iterator[Finding]:
    """Yield shown results that are about fewer people than the policy's minimum."""
    for row in rows:
        n, population = row["n"], row["population"]
        in_words = row["kind"] in WORDS and _ONE_PERSON in row["flags"]  # a policy may show it
        if row["suppressed"] or population not in PEOPLE or not n or in_words:
            continue
        if n < policy.minimum_n(population):
            yield Finding(
                "small group", row["result_id"],
                f"{where} shows it, and it is about fewer {population} than the policy's minimum.",
            )  # fmt: skip


def _not_rounded(where: str, rows: Sequence[Mapping]) -> Iterator[Finding]:
    frame = frame_of(rows)[list(COLUMNS)]
    if frame["result_id"].duplicated().any():
        name = frame.loc[frame["result_id"].duplicated(), "result_id"].iloc[0]
        yield Finding("two answers", name, f"It stands twice in {where}.")
        return
    numbers = frame[list(NUMBERS)].to_numpy(float)
    rounded = round_results(Results(frame))[list(NUMBERS)].to_numpy(float)
    for at, column in zip(*np.nonzero(~np.isclose(numbers, rounded, 1e-12, 0, True)), strict=True):
        yield Finding(
            "not rounded", str(frame["result_id"].iloc[at]),
            f"Its {NUMBERS[column]} in {where} has more decimals than its rule.",
        )  # fmt: skip


def _changed(where: str, rows: Sequence[Mapping], through: Sequence[Mapping]) -> Iterator[Finding]:
    made = {row["result_id"]: row for row in through}
    for row in rows:
        own = made.pop(row["result_id"], None)
        if own is None:
            what = f"{where} holds it, and the gate did not let it through to this brief."
        elif own != row:
            keys = [key for key in row if row[key] != own[key]]
            what = f"{where} says another {', '.join(keys)} than the gate let through."
        else:
            continue
        yield Finding("not from the gate", row["result_id"], what)
    for name in made:
        yield Finding("not from the gate", name, f"{where} lacks it.")
