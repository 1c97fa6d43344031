"""`DisclosurePolicy`: who may see what, as data with a source for every value."""

import difflib
import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib import resources
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pilot_analysis.errors import DisclosureError

__all__ = ["PEOPLE", "STRICTEST", "DisclosurePolicy", "Setting"]

PEOPLE = ("students", "teachers", "respondents")
STRICTEST = "public"
_BUILT_IN = resources.files("pilot_analysis.disclosure") / "policies"


@dataclass(frozen=True, slots=True)
class Setting:
    """One value of a policy and where it comes from."""

    value: Any
    source: str


def _whole(value: Any) -> str:
    fits = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 1000
    return "" if fits else "expected a whole number from 1 to 1000"


def _number_to(limit: float) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        fits = isinstance(value, int | float) and not isinstance(value, bool)
        return "" if fits and 0 <= value <= limit else f"expected a number from 0 to {limit:g}"

    return check


def _one_of(*choices: str) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if isinstance(value, str) and value in choices:
            return ""
        return f"expected one of {', '.join(choices)}{_nearest(str(value), choices)}"

    return check


def _bands(value: Any) -> str:
    expected = (
        "expected an empty list, or pairs [group size, share] from the largest size down to 1, "
        "with shares between 0 and 0.5 that do not fall"
    )
    if value == []:
        return ""
    try:
        sizes, shares = zip(*value, strict=True)
        falls = all(a > b for a, b in pairwise(sizes)) and sizes[-1] == 1
        rises = all(a <= b for a, b in pairwise(shares))
        fits = falls and rises and shares[0] > 0 and shares[-1] < 0.5
    except (TypeError, ValueError):
        return expected
    return "" if fits else expected


_CHECKS: dict[str, Callable[[Any], str]] = {
    **{f"minimum_n.{who}": _whole for who in (*PEOPLE, "classes", "schools", "records")},
    **{f"minimum_category.{who}": _whole for who in PEOPLE},
    "coding_bands": _bands,
    "coding_form": _one_of("at most", "less than"),
    "coding_of_means": _number_to(0.25),
    "score_bands": _number_to(100),
    "dominance_percent": _number_to(100),
    "single_person_roles": _one_of("shown", "with consent", "hidden"),
    "disagreeing_schools": _one_of("named", "counted"),
    "comments": _one_of("shown", "without school and role", "hidden"),
}
"""Every setting that a policy must have -> what is wrong with a value, or blank."""


_ROUNDING = "rounding is the same for every audience (rounding.toml), so no policy sets it"


@dataclass(frozen=True)
class DisclosurePolicy:
    """What one audience may see; made by `named`, `read` or `from_dict`, which check every value.

    Attributes
    ----------
    name, description : str
        `description` says who the audience is.
    settings : mapping of str to Setting
        Keys such as "minimum_n.students"; exactly those that a policy must have.
    """

    name: str
    description: str
    settings: Mapping[str, Setting]

    def __post_init__(self):
        faults = _faults(self)
        if faults:
            raise DisclosureError(
                f"disclosure policy {self.name!r}: {len(faults)} to mend, and nothing is shown "
                "until then:\n" + "\n".join(f"  {fault}" for fault in faults)
            )
        object.__setattr__(self, "settings", MappingProxyType(dict(self.settings)))

    def __reduce__(self):
        return (type(self), (self.name, self.description, dict(self.settings)))

    @classmethod
    def named(cls, name: str | None = None) -> "DisclosurePolicy":
        """Return a policy of this package: "internal", "team", "public" or "texas_example".

        Parameters
        ----------
        name : str or None
            None or blank: the strictest policy.

        Raises
        ------
        DisclosureError
            There is no policy of that name.
        """
        name = name or STRICTEST
        known = sorted(p.name.removesuffix(".toml") for p in _BUILT_IN.iterdir())
        if name not in known:
            raise DisclosureError(
                f"there is no disclosure policy {name!r}{_nearest(name, known)}; "
                f"there are {', '.join(known)}."
            )
        return cls._parse((_BUILT_IN / f"{name}.toml").read_text(encoding="utf-8"), f"{name}.toml")

    @classmethod
    def read(cls, path: str | Path) -> "DisclosurePolicy":
        """Read a policy from a TOML file written like those of this package.

        Raises
        ------
        DisclosureError
            The file is missing or no TOML, a key is unknown or missing, or a value is refused.
        """
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise DisclosureError(
                f"{path}: cannot be read as a disclosure policy: {error}."
            ) from error
        return cls._parse(text, str(path))

    @classmethod
    def _parse(cls, text: str, place: str) -> "DisclosurePolicy":
        try:
            return cls.from_dict(tomllib.loads(text))
        except tomllib.TOMLDecodeError as error:
            raise DisclosureError(f"{place}: is not valid TOML: {error}.") from error

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "DisclosurePolicy":
        """Return the policy that a policy file or `to_json` holds.

        Raises
        ------
        DisclosureError
            As in `read`; the message lists every fault with the nearest known key.
        """
        values = dict(values)
        name, description = values.pop("name", ""), values.pop("description", "")
        return cls(name, description, dict(_flatten(values)))

    def to_json(self) -> str:
        """Return the policy as JSON text that `from_dict` takes back."""
        settings = {k: {"value": s.value, "source": s.source} for k, s in self.settings.items()}
        return json.dumps({"name": self.name, "description": self.description, **settings})

    def with_value(self, key: str, value: Any, source: str) -> "DisclosurePolicy":
        """Return the policy with one setting changed; `source` says why."""
        return replace(self, settings={**self.settings, key: Setting(value, source)})

    @property
    def minimums(self) -> dict[str, int]:
        """The minimum n of every population, and of categories within it, by their keys."""
        return {key: s.value for key, s in self.settings.items() if key.startswith("minimum_")}

    def with_minimums(self, minimums: Mapping[str, int]) -> "DisclosurePolicy":
        """Return the policy with other values of some minimums, and their sources kept."""
        changed = {key: Setting(n, self.settings[key].source) for key, n in minimums.items()}
        return replace(self, settings={**self.settings, **changed})

    def __getitem__(self, key: str) -> Any:
        return self.settings[key].value

    def minimum_n(self, population: str) -> int:
        """Return the smallest group of `population` that a result may be about."""
        return self[f"minimum_n.{population}"]

    def minimum_category(self, population: str) -> int:
        """Return the smallest category that may be shown within a group; 1 where none is set."""
        key = f"minimum_category.{population}"
        return self[key] if key in self.settings else 1

    def coded_share(self, n: float) -> float:
        """Return the share at or below which (or beyond whose complement) only a bound is shown.

        With the form "less than", the share below which.

        Parameters
        ----------
        n : float
            Size of the group (people).

        Returns
        -------
        float
            0 where the policy codes nothing.
        """
        return next((share for size, share in self["coding_bands"] if n >= size), 0.0)


def _flatten(values: Mapping[str, Any], prefix: str = ""):
    for key, value in values.items():
        if isinstance(value, Mapping) and "value" in value:
            yield prefix + key, Setting(value["value"], value.get("source", ""))
            for strange in set(value) - {"value", "source"}:
                yield f"{prefix}{key}.{strange}", Setting(value[strange], "")
        elif isinstance(value, Mapping) and value and not prefix and key not in _CHECKS:
            yield from _flatten(value, f"{key}.")
        else:
            yield prefix + key, Setting(value, "")


def _faults(policy: DisclosurePolicy) -> list[str]:
    faults = []
    if not (isinstance(policy.name, str) and policy.name):
        faults.append("name: this key is needed and is not there")
    if not (isinstance(policy.description, str) and policy.description):
        faults.append("description: say who the audience is")
    for key, setting in policy.settings.items():
        if key.partition(".")[0] == "rounding":
            faults.append(f"{key}: {_ROUNDING}")
        elif key not in _CHECKS:
            known = (*_CHECKS, *(f"{k}.source" for k in policy.settings))
            faults.append(f"{key}: unknown key{_nearest(key, known)}")
        elif wrong := _CHECKS[key](setting.value):
            faults.append(f"{key}: {wrong}, found {setting.value!r}")
        elif not (isinstance(setting.source, str) and setting.source.strip()):
            faults.append(f"{key}: every value needs its source")
    faults += [
        f"{key}: this key is needed and is not there"
        for key in _CHECKS
        if key not in policy.settings
    ]
    return faults or _too_large_categories(policy)


def _too_large_categories(policy: DisclosurePolicy) -> list[str]:
    """Return faults of categories that must be larger than the whole group need be."""
    return [
        f"minimum_category.{who}: {category} is above minimum_n.{who} ({size}); in a group of "
        f"{size} no hidden category can be left {category} possible values"
        for who in PEOPLE
        if (category := policy.minimum_category(who)) > (size := policy.minimum_n(who))
    ]


def _nearest(word: str, known) -> str:
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else ""
