"""What readers know of earlier releases, and what a run gives away beside it."""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from pilot_analysis.disclosure import DisclosurePolicy, Linear, Product, PublishedTable
from pilot_analysis.disclosure.attacked import audit_released
from pilot_analysis.disclosure.given_away import ANSWERS
from pilot_analysis.disclosure.policy import PEOPLE
from pilot_analysis.disclosure.relations import LOST
from pilot_analysis.disclosure.relations_file import relations_from_json, relations_to_json
from pilot_analysis.disclosure.released import released_table
from pilot_analysis.errors import DisclosureError
from pilot_analysis.release.findings import Finding
from pilot_analysis.release.reading import Released, read_json
from pilot_analysis.release.rows import frame_of, known_rows

__all__ = ["Known", "find_given_away", "find_small_differences"]

_NARROW = ("public", "team")
"""Audiences from the widest: a team may read what is public, the public not what a team reads."""


@dataclass(frozen=True, slots=True)
class Known:
    """The numbers that readers of one release know.

    Attributes
    ----------
    name : str
        Name of the run.
    audience : str
    source : str
        Stands for the inputs and the code: where it is the same, one id is one number.
    rows : pandas.DataFrame
        As `ProtectedResults.frame`.
    relations : tuple of Linear or Product
    policy : DisclosurePolicy
    """

    name: str
    audience: str
    source: str
    rows: pd.DataFrame
    relations: tuple[Linear | Product, ...]
    policy: DisclosurePolicy

    @classmethod
    def of(cls, released: Released) -> "Known":
        """Return what readers of a run would know."""
        return cls(
            released.name,
            released.audience,
            _source(released.manifest),
            _with_rules(frame_of(known_rows(released)), released.protected.frame),
            released.relations,
            released.protected.policy,
        )

    def write(self, path: Path) -> None:
        """Write it as JSON, for the audits of later releases."""
        rows = self.rows.astype(object).where(self.rows.notna(), None)
        values = {
            "name": self.name,
            "audience": self.audience,
            "source": self.source,
            "policy": json.loads(self.policy.to_json()),
            "rows": rows.to_dict("records"),
            "relations": relations_to_json(self.relations),
        }
        text = json.dumps(values, ensure_ascii=False, allow_nan=False)
        path.write_text(text + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> "Known":
        """Read what `write` wrote.

        Raises
        ------
        DisclosureError
            The file is missing or is not understood: then nothing can be released beside it.
        """
        values: dict[str, Any] = read_json(path, dict)
        try:
            return cls(
                values["name"],
                values["audience"],
                values["source"],
                frame_of(values["rows"]),
                relations_from_json(values["relations"]),
                DisclosurePolicy.from_dict(values["policy"]),
            )
        except KeyError as error:
            raise DisclosureError(f"{path}: lacks {error}; an earlier release is lost.") from error

    def table(self, same: str, shown: frozenset[str]) -> PublishedTable:
        """Return it for an audit of a run whose source is `same`, which shows the ids `shown`."""
        table = released_table(self.rows, self.relations, self.policy)
        if self.source != same:
            return _renamed(table, f" in {self.name}")
        cells = table.cells.copy()
        printed = [name for name in cells.index if _is_printed(name, shown)]
        cells.loc[printed, "least_values"] = 0
        return PublishedTable(cells, table.relations, table.suppressed.difference(printed))


def _with_rules(rows: pd.DataFrame, through: pd.DataFrame) -> pd.DataFrame:
    """Name the rule that hid each row, which the released files do not tell."""
    rule = rows["result_id"].map(through.set_index("result_id")["suppressed"])
    rule = rule.fillna(rows["suppressed"])
    return rows.assign(suppressed=rows["suppressed"].where(rows["suppressed"].eq(""), rule))


def _source(manifest) -> str:
    inputs = sorted({row["keyed_hash"] for row in manifest["inputs"]})
    return " ".join([manifest["code"]["hash"], *inputs])


def _is_printed(name: str, shown: Collection[str]) -> bool:
    """Whether a number is, or stands behind, a result that is shown."""
    return name.partition("#")[0] in shown and not any(mark in name for mark in (*LOST, *ANSWERS))


def _renamed(table: PublishedTable, suffix: str) -> PublishedTable:
    """Return a table of other numbers: the pilot's data have changed since."""
    cells = table.cells.rename(index=lambda name: f"{name}{suffix}")
    relations = [
        Product(*(f"{name}{suffix}" for name in relation.ids), relation.scale)
        if isinstance(relation, Product)
        else Linear(
            {f"{name}{suffix}": weight for name, weight in relation.coefficients.items()},
            relation.low,
            relation.high,
        )
        for relation in table.relations
    ]
    return PublishedTable(cells, relations, frozenset(f"{n}{suffix}" for n in table.suppressed))


def find_given_away(own: Known, earlier: Sequence[Known]) -> Iterator[Finding]:
    """Yield what can be worked out of a run, by its readers and with all that they may know.

    The public knows what is public; a team knows that and what all teams were given. What a team
    may see is no finding where the public's numbers hide it.
    """
    if own.audience not in _NARROW:
        return
    said: set[str] = set()
    for reader in _NARROW[_NARROW.index(own.audience) :]:
        known = _read_by(reader, earlier)
        if reader != own.audience and len(known) == len(_read_by(own.audience, earlier)):
            continue  # nobody was told more than the readers of this run
        shown = {name for k in known if k.source == own.source for name in _shown(k.rows)}
        tables = [k.table(own.source, frozenset(_shown(own.rows) | shown)) for k in known]
        found = audit_released(own.rows, own.relations, own.policy, tables)
        for row in found.itertuples(index=False):
            if row.cell in said or _is_printed(row.cell, shown):
                continue
            said.add(row.cell)
            yield Finding("given away", row.cell, _narrowed(row), tuple(row.by))


def _read_by(reader: str, earlier: Sequence[Known]) -> list[Known]:
    return [k for k in earlier if k.audience in _NARROW[: _NARROW.index(reader) + 1]]


def _shown(rows: pd.DataFrame) -> set[str]:
    return set(rows.loc[rows["suppressed"].eq("") & rows["estimate"].notna(), "result_id"])


def _narrowed(row: Any) -> str:
    if row.pinned:
        return "It is hidden, and only one value is possible."
    return "It is hidden, and can be narrowed down further than the policy allows."


def find_small_differences(own: Known, earlier: Sequence[Known]) -> Iterator[Finding]:
    """Yield counts that differ by a few people from an earlier release of other data."""
    for other in earlier:
        if other.source == own.source:
            continue
        both = own.rows.merge(other.rows, on="result_id", suffixes=("", "_before"))
        both = both[both["population"].isin(PEOPLE)]
        for row in both.itertuples(index=False):
            pairs = [(row.n, row.n_before)]
            if row.kind == "count":
                pairs.append((row.estimate, row.estimate_before))
            least = own.policy.minimum_n(row.population)
            if any(0 < abs(now - before) < least for now, before in pairs):
                yield Finding(
                    "small difference", row.result_id,
                    f"It differs from the release {other.name} by fewer {row.population} than "
                    "the policy's minimum.",
                )  # fmt: skip
