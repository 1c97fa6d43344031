"""The rows of results.json: hidden ones empty, shown ones rounded, as the gate left them."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from math import nan
from typing import Any

import numpy as np
import pandas as pd

from pilot_analysis.disclosure import DisclosurePolicy
from pilot_analysis.disclosure.policy import PEOPLE
from pilot_analysis.disclosure.rounding import NUMBERS, round_results
from pilot_analysis.disclosure.structure import WORDS
from pilot_analysis.release.findings import Finding
from pilot_analysis.release.reading import Released
from pilot_analysis.results import COLUMNS, NEVER_SHOWN, Results

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
    fresh: list[tuple[str, dict]] = []  # every brief repeats the results of the network
    for brief in released.briefs:
        where = f"{brief.name}/results.json"
        strange = sorted({key for row in brief.rows for key in row} ^ _COLUMNS)
        if strange and brief.rows:
            yield Finding("unknown content", where, f"Its rows hold or lack {strange[0]!r}.")
            continue
        new = [row for row in brief.rows if said.get(row["result_id"], (where, None))[1] != row]
        yield from _twice(where, brief.rows)
        yield from _hidden(where, new)
        yield from find_small_groups(where, new, released.protected.policy)
        fresh += [(where, row) for row in new]
        through = released.protected
        if brief.school_id is not None:
            through = through.for_brief(brief.school_id)
        yield from _changed(where, brief.rows, through.to_json())
        for row in new:
            first, other = said.setdefault(row["result_id"], (where, row))
            if other != row and not _is_unnamed(row):
                yield Finding(
                    "two answers", row["result_id"], f"It differs between {first} and {where}."
                )
    yield from _not_rounded(fresh)


def _twice(where: str, rows: Sequence[Mapping]) -> Iterator[Finding]:
    for name, times in Counter(row["result_id"] for row in rows).items():
        if times > 1:
            yield Finding("two answers", name, f"It stands twice in {where}.")


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


def _not_rounded(rows: Sequence[tuple[str, Mapping]]) -> Iterator[Finding]:
    """Yield numbers with too many decimals, of rows with the file that holds each."""
    own = {f"{row['result_id']} in {where}": row for where, row in rows}
    frame = frame_of(list(own.values()))[list(COLUMNS)].assign(result_id=list(own))
    unrounded = Results(frame.assign(**dict.fromkeys(NEVER_SHOWN, nan)))
    numbers = frame[list(NUMBERS)].to_numpy(float)
    rounded = round_results(unrounded)[list(NUMBERS)].to_numpy(float)
    names = [row["result_id"] for row in own.values()]
    for at, column in zip(*np.nonzero(~np.isclose(numbers, rounded, 1e-12, 0, True)), strict=True):
        yield Finding(
            "not rounded", names[at], f"Its {NUMBERS[column]} has more decimals than its rule."
        )


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
