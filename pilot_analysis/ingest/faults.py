"""How a fault in the data is told: the place, the rule, what was found, the next step."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

__all__ = ["Origin", "describe", "describe_rows"]


_LONGEST = 500  # characters of a finding or header in a message


@dataclass(frozen=True, slots=True)
class Origin:
    """Where each row of a table came from.

    Attributes
    ----------
    files : numpy.ndarray of object, shape (n,)
        File of each row, as ``pilot.toml`` writes it.
    rows : numpy.ndarray of int, shape (n,)
        Row of each record as a spreadsheet counts it: the header is row 1. 0: the record was made
        of many rows, such as a week of a log.
    labels : dict of (file, clean column) to str
        What the file calls the column.
    refused : set of (file, row, clean column)
        Cells whose text was refused: they are at fault once, not also for being blank.
    """

    files: np.ndarray
    rows: np.ndarray
    labels: dict[tuple[str, str], str]
    refused: set[tuple[str, int, str]] = field(default_factory=set)

    def where(self, mask: np.ndarray) -> "Origin":
        """Return the origin of the rows that `mask` marks."""
        return Origin(self.files[mask], self.rows[mask], self.labels, self.refused)

    def refuse(self, column: str, mask: np.ndarray) -> None:
        """Note that the text of `column` was refused in the rows that `mask` marks."""
        files, rows = self.files[mask], self.rows[mask]
        self.refused.update(zip(files, rows.tolist(), [column] * len(rows), strict=True))

    def is_refused(self, column: str) -> np.ndarray:
        """Return, for each row, whether the text of `column` was refused."""
        cells = zip(self.files, self.rows.tolist(), strict=True)
        return np.array([(file, row, column) in self.refused for file, row in cells], dtype=bool)

    def place(self, position: int) -> str:
        """Return file and row of one record, in words."""
        row = self.rows[position]
        return f"{self.files[position]}, row {row}" if row else f"{self.files[position]}"


def describe(
    file: str, what: str, advice: str, *, row: int | None = None, column: str = "", rows: int = 1
) -> str:
    """Return one line of the report.

    For instance ``survey.csv, row 41, column "value": 11 is outside 0-10. Check the export's
    scale; 3 rows like this.`` Whatever a cell holds, the line stays one line of a few hundred
    characters.
    """
    what, advice, column = _in_brief(what), _in_brief(advice), _in_brief(column)
    place = file
    if row is not None:
        place += f", row {row}"
    if column:
        place += f', column "{column}"'
    like_this = f"; {rows:,} rows like this" if rows > 1 else ""
    stop = "" if what.endswith("?") else "."
    return f"{place}: {what}{stop} {advice}{like_this}."


def _in_brief(text: str) -> str:
    """Return a text in one line, without characters that steer a terminal, cut in its middle."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if len(line) <= _LONGEST:
        return line
    return f"{line[: _LONGEST // 2]} [...] {line[-_LONGEST // 2 :]}"


def describe_rows(
    origin: Origin, column: str, mask: np.ndarray, what: Callable[[int], str], advice: str
) -> list[str]:
    """Return one line per file that has rows in `mask`: the first such row, and how many.

    Parameters
    ----------
    origin : Origin
    column : str
        Clean column; the line names it as the file does.
    mask : numpy.ndarray of bool, shape (n,)
        Rows that break the rule.
    what : callable
        Position of a row -> what was found there and which rule it breaks.
    advice : str
        The next step.
    """
    positions = np.flatnonzero(mask)
    lines = []
    for file in dict.fromkeys(origin.files[positions]):
        here = positions[origin.files[positions] == file]
        first = int(here[0])
        label = origin.labels.get((file, column), column)
        lines.append(
            describe(
                file,
                what(first),
                advice,
                row=int(origin.rows[first]) or None,
                column=label,
                rows=len(here),
            )
        )
    return lines
