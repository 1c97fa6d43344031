"""`Findings`: what was read and kept, what finds what, who is reached, and what looks odd."""

from dataclasses import dataclass

import pandas as pd

from pilot_analysis.check.students import missing_students
from pilot_analysis.check.unread import Unread, unread_columns
from pilot_analysis.evaluation.joins import joins
from pilot_analysis.evaluation.oddities import Oddity, find_oddities
from pilot_analysis.evaluation.quality_coverage import coverage
from pilot_analysis.pilot import Pilot
from pilot_analysis.schema import TABLES

__all__ = ["Chain", "Findings", "chains_of", "find_everything"]

_CALLED = {"survey_responses": "answers", "assessments": "tests"}


@dataclass(frozen=True, slots=True)
class Chain:
    """What became of one file for one table.

    Attributes
    ----------
    table, file : str
    links : tuple of (int, str)
        How many there were of what, from the first to the last: 967 responses, 1,934 answers,
        1,793 kept.
    aside : tuple of (int, str)
        How many were set aside, and why.
    """

    table: str
    file: str
    links: tuple[tuple[int, str], ...]
    aside: tuple[tuple[int, str], ...]

    @property
    def kept(self) -> int:
        """Rows that the table has of the file."""
        return self.links[-1][0]


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything that the report on a sound pilot tells.

    Attributes
    ----------
    pilot : Pilot
    chains : tuple of Chain
    joins, coverage, missing : pandas.DataFrame
        As `joins`, `coverage` and `missing_students` return them.
    oddities : dict of str to (Oddity or None)
    unread : tuple of Unread
    """

    pilot: Pilot
    chains: tuple[Chain, ...]
    joins: pd.DataFrame
    coverage: pd.DataFrame
    oddities: dict[str, Oddity | None]
    missing: pd.DataFrame
    unread: tuple[Unread, ...]

    @property
    def rows(self) -> dict[str, int]:
        """Rows by step ("read", "set aside", "kept"), of all tables together."""
        ledger = self.pilot.ledger[self.pilot.ledger["unit"].eq("rows")]
        counts = ledger.groupby("step")["rows"].sum()
        return {step: int(counts.get(step, 0)) for step in ("read", "set aside", "kept")}

    @property
    def absent(self) -> list[str]:
        """Tables that were not collected."""
        return [name for name in TABLES if not self.pilot.has(name)]

    @property
    def found(self) -> list[Oddity]:
        """The oddities of which there are any."""
        return [oddity for oddity in self.oddities.values() if oddity is not None and oddity.rows]


def find_everything(pilot: Pilot) -> Findings:
    """Look at a pilot that has loaded.

    Parameters
    ----------
    pilot : Pilot
    """
    return Findings(
        pilot,
        chains_of(pilot.ledger),
        joins(pilot),
        coverage(pilot),
        find_oddities(pilot),
        missing_students(pilot),
        tuple(unread_columns(pilot.config)),
    )


def chains_of(ledger: pd.DataFrame) -> tuple[Chain, ...]:
    """Return what a ledger says of each file, in its order."""
    places = ledger.groupby(["table", "file"], sort=False)
    return tuple(_chain(table, file, lines) for (table, file), lines in places)


def _chain(table: str, file: str, lines: pd.DataFrame) -> Chain:
    links, aside, kept = [], [], 0
    several = len(lines["unit"].unique()) > 1
    # What became rows stands before the rows themselves.
    for unit, steps in lines.groupby("unit", sort=False):
        called = _CALLED.get(table, "rows") if unit == "rows" else unit
        counts = steps.groupby("step")["rows"].sum()
        links.append((int(counts["read"]), called))
        left = steps[steps["step"].eq("set aside")].groupby("reason", sort=False)["rows"].sum()
        of = f" ({called})" if several else ""
        aside += [(int(rows), f"{reason}{of}") for reason, rows in left.items()]
        kept = int(counts["kept"])
    return Chain(table, file, (*links, (kept, "kept")), tuple(aside))
