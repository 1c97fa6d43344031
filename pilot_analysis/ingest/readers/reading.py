"""`Reading`: what a reader makes of one source for one clean table."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np

from pilot_analysis.config import Source, nearest
from pilot_analysis.ingest.faults import describe
from pilot_analysis.ingest.raw import RawTable

__all__ = ["SAME_ROW", "Reading", "Step", "not_asked_for", "unmatched"]

SAME_ROW = "the same as an earlier row"


@dataclass(frozen=True, slots=True)
class Step:
    """Rows of one unit, accounted for: read = set aside + handed on.

    `unit` says what is counted before the clean rows themselves are: the "responses" of a survey
    that became answers, the "days" that became weeks.
    """

    unit: str
    read: int
    aside: dict[str, int]

    @property
    def kept(self) -> int:
        """Rows handed on."""
        return self.read - sum(self.aside.values())


@dataclass(frozen=True, slots=True)
class Reading:
    """A source's file as rows of one clean table, still as text.

    Attributes
    ----------
    raw : RawTable
        One row per row of the clean table; `rows` points to the row of the file.
    source : Source
        The source with the columns, values and recodes that its format adds.
    aside : dict of str to numpy.ndarray of bool, shape (n,)
        Reason -> rows of `raw` that are set aside for it; no row has two reasons.
    steps : tuple of Step
        What happened before, where a row of the file is not a row of the table.
    faults : list of str
    """

    raw: RawTable
    source: Source
    aside: dict[str, np.ndarray] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    faults: tuple[str, ...] = ()


def not_asked_for(source: Source) -> str:
    """Return why rows are set aside that `where` of a source does not want."""
    wanted = {name: [value or "blank" for value in v] for name, v in source.where.items()}
    rule = " and ".join(f"{name} {' or '.join(v)}" for name, v in wanted.items())
    return f"not asked for (wanted: {rule})"


def unmatched(file: str, header: str, values: Sequence[str], held: Collection[str]) -> list[str]:
    """Return a line for a value of `where` that no row has, although others have rows."""
    strange = [value for value in values if value not in held]
    if not strange or len(strange) == len(values):
        return []
    found = f'`where` wants "{strange[0]}", and no row has it{nearest(strange[0], held)}'
    advice = "Correct it in pilot.toml, or take it out"
    return [describe(file, found, advice, column=header)]
