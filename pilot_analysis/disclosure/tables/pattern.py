"""What may be hidden, what must be, and whether a choice of it is safe."""

from dataclasses import dataclass

import numpy as np

from pilot_analysis.disclosure.tables.attack import Detail, ranges
from pilot_analysis.disclosure.tables.seen import Spread
from pilot_analysis.disclosure.tables.system import System

__all__ = ["Choice"]


@dataclass(frozen=True)
class Choice:
    """Numbers of which some must be hidden and some may be.

    Attributes
    ----------
    system : System
        With the bounds that hold while only the numbers in `must` are hidden.
    must, may : numpy.ndarray of bool, shape (n,)
        Hidden in any case; printed now, but free to be hidden.
    weights : numpy.ndarray, shape (n,)
        What is lost with each number; above 0.
    """

    system: System
    must: np.ndarray
    may: np.ndarray
    weights: np.ndarray

    @property
    def protected(self) -> np.ndarray:
        """Positions of the numbers that must keep their least values."""
        return np.flatnonzero(self.system.least > 0)

    def bounds(self, hidden: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what a reader knows of each number by itself if `hidden` ones are not printed."""
        new = hidden & ~self.must
        system = self.system
        low = np.where(new, np.minimum(system.hidden_low, system.low), system.low)
        return low, np.where(new, np.maximum(system.hidden_high, system.high), system.high)

    def released(self, hidden: np.ndarray) -> System:
        """Return the system as a reader of it would have it."""
        return self.system.with_bounds(*self.bounds(hidden))

    def unsafe(
        self,
        hidden: np.ndarray,
        among: np.ndarray | None = None,
        detail: Detail = "names",
        spread: Spread | None = None,
    ) -> np.ndarray:
        """Return the positions of the protected numbers that are not safe, by the auditor.

        `among` : those to look at. What is safe stays so when more is hidden. `spread` : what is
        known of the numbers while less was hidden; what is found is added.
        """
        system = self.released(hidden)
        asked = self.protected if among is None else among
        if spread is not None:
            asked = asked[~spread.shows_safe(system, asked)]
        if not asked.size:
            return asked
        found = ranges(system, asked, detail, spread)
        return np.array(
            [
                at
                for at, answer in sorted(found.items())
                if answer.gives_away(system.least[at], bool(system.is_whole[at]))
            ],
            int,
        )

    def part(self, cells: np.ndarray, part: System) -> "Choice":
        """Return the choice within one part of the system (its cells at positions `cells`)."""
        bounded = part.with_bounds(self.system.low[cells], self.system.high[cells])
        return Choice(bounded, self.must[cells], self.may[cells], self.weights[cells])
