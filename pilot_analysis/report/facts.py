"""`Facts`: the protected results of one brief, looked up by what they are about."""

from collections import defaultdict
from dataclasses import dataclass, fields
from math import isfinite
from typing import Any

from pilot_analysis.disclosure import CODED_FLAG, ProtectedResults
from pilot_analysis.errors import DisclosureError, RunError

__all__ = ["Fact", "Facts"]


@dataclass(frozen=True, slots=True)
class Fact:
    """One row of `ProtectedResults`; the columns are those of `results.COLUMNS`."""

    result_id: str
    section: str
    name: str
    kind: str
    population: str
    school_id: str
    product_id: str
    outcome: str
    group: str
    category: str
    time: str
    level: str
    value_text: str
    unit: str
    method: str
    estimate: float
    std_error: float
    df: float
    p_value: float
    conf_level: float
    conf_low: float
    conf_high: float
    n: float
    n_clusters: float
    flags: tuple[str, ...]
    exploratory: bool
    suppressed: str

    @property
    def is_shown(self) -> bool:
        """Whether the gate lets this result be shown."""
        return not self.suppressed

    @property
    def is_range(self) -> bool:
        """Whether the gate put words ("at most 5%") in the place of the number."""
        return CODED_FLAG in self.flags

    def has(self, field: str) -> bool:
        """Whether the result may be shown and `field` holds a number."""
        return self.is_shown and isfinite(getattr(self, field))

    @property
    def has_interval(self) -> bool:
        """Whether there is an interval to show."""
        return self.has("conf_low") and self.has("conf_high")


_COLUMNS = tuple(field.name for field in fields(Fact))


class Facts:
    """The protected results that one brief may use.

    Parameters
    ----------
    protected : ProtectedResults
        What `ProtectedResults.for_brief` returned; anything else is refused.

    Raises
    ------
    DisclosureError
        `protected` did not come through the disclosure gate.
    """

    def __init__(self, protected: ProtectedResults):
        if not isinstance(protected, ProtectedResults):
            raise DisclosureError(
                f"A brief shows only ProtectedResults, not {type(protected).__name__}: hand the "
                "results to disclosure.protect first."
            )
        self._others = protected.others
        self._by_id: dict[str, Fact] = {}
        self._by_name: dict[str, list[Fact]] = defaultdict(list)
        frame = protected.frame[list(_COLUMNS)]
        for values in zip(*(frame[column] for column in _COLUMNS), strict=True):
            fact = Fact(*values)
            self._by_id[fact.result_id] = fact
            self._by_name[f"{fact.section}.{fact.name}"].append(fact)

    def __getitem__(self, result_id: str) -> Fact:
        if result_id not in self._by_id:
            raise RunError(
                f"{result_id}: there is no such result in this brief. A number on the page must "
                "come from a result that the disclosure gate handed over."
            )
        return self._by_id[result_id]

    def find(self, name: str, **keys: Any) -> list[Fact]:
        """Return the facts called `name` ("usage.funnel") whose keys equal `keys`, in order."""
        return [
            fact
            for fact in self._by_name.get(name, ())
            if all(getattr(fact, key) == value for key, value in keys.items())
        ]

    def one(self, name: str, **keys: Any) -> Fact | None:
        """Return the one fact that `find` finds, or None.

        Raises
        ------
        RunError
            More than one result fits: the page would show a number by chance of order.
        """
        found = self.find(name, **keys)
        if len(found) > 1:
            raise RunError(
                f"{name} {keys}: {len(found)} results fit ({found[0].result_id}, "
                f"{found[1].result_id}, ...); name the one that is meant."
            )
        return found[0] if found else None

    def others_of(self, name: str, **keys: str) -> list[float]:
        """Return the shown values that the other schools have of `name`, sorted, without names."""
        section, _, short = name.partition(".")
        rows = self._others
        for column, value in {"section": section, "name": short, **keys}.items():
            rows = rows[rows[column] == value]
        return sorted(float(value) for value in rows["estimate"])

    def rules(self) -> set[str]:
        """Return the rules that hid something, keys of `disclosure.RULES`."""
        return {fact.suppressed for fact in self._by_id.values() if fact.suppressed}

    def names(self) -> set[str]:
        """Return every "section.name" that there is."""
        return set(self._by_name)
