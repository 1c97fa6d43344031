"""What an audit found: each finding says where, what gives it away, and what to do."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import nan
from typing import Any, NamedTuple

__all__ = ["NEXT_STEPS", "Audit", "Finding", "Survived", "told_lines"]

NEXT_STEPS = {
    "unknown file": "Take it out of the run's folder; only what this program makes is released.",
    "unreadable file": "Make the run again.",
    "unknown content": "Make the run again; a released file holds what this program writes only.",
    "two answers": "Make the run again: one number must say the same in every brief.",
    "not from the gate": "Make the run again: released results are those of the disclosure gate.",
    "hidden result": "Make the run again: of a hidden result nothing may be left.",
    "small group": "Make the run again under its policy.",
    "not rounded": "Make the run again: released numbers are rounded.",
    "given away": "Hide one of the numbers that give it away, or release fewer tables.",
    "small difference": "Do not release both: their difference tells of a few people.",
    "not accounted for": "Take the number out, or make it a claim on a shown result.",
    "drawn": "Draw shown results only.",
    "plain hash": "Print the keyed hash instead.",
    "place on a machine": "Take the path, user or machine name out.",
    "clock time": "Take the time out; a day is enough.",
    "error text": "Mend what failed and make the run again; an error can quote the data.",
    "secret": "Take it out, and change the secret.",
    "e-mail": "Take it out, or name it as the contact in pilot.toml.",
    "id of a person": "Take it out; find out how it came there.",
}
"""Kind of a finding -> what to do about it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that may not be released.

    Attributes
    ----------
    kind : str
        A key of `NEXT_STEPS`.
    where : str
        File of the run, with the place in it; for numbers, the id of the result.
    what : str
        What is wrong, in words; never more of it than `where` has released already.
    by : tuple of str
        Ids of the published numbers that give a hidden one away.
    """

    kind: str
    where: str
    what: str
    by: tuple[str, ...] = ()

    def __post_init__(self):
        if self.kind not in NEXT_STEPS:
            raise ValueError(f"unknown kind of finding: {self.kind!r}")

    @property
    def line(self) -> str:
        """The finding in one line."""
        by = f" Given away by {', '.join(self.by)}." if self.by else ""
        return f"{self.kind} | {self.where} | {self.what}{by} {NEXT_STEPS[self.kind]}"

    @property
    def block(self) -> str:
        """The finding in a few lines, for a terminal."""
        lines = [f"{self.kind}: {self.where}", f"    {self.what}"]
        lines += [f"    given away by {name}" for name in self.by]
        return "\n".join([*lines, f"    {NEXT_STEPS[self.kind]}"])


class Survived(NamedTuple):
    """How many of some numbers are left, from 0 to 1; NaN where there are none."""

    shown: float
    """as they are"""
    as_range: float
    """as a range, or as a word for one"""

    @property
    def told(self) -> str:
        """Say it, for the middle of a sentence."""
        return f"{self.shown:.0%} are shown and {self.as_range:.0%} are given as a range"


NOTHING = Survived(nan, nan)


@dataclass(frozen=True, slots=True)
class Audit:
    """What came of an audit.

    Attributes
    ----------
    runs : tuple of str
        Names of the runs.
    findings : tuple of Finding
        None: nothing was found.
    headlines : Survived
        Of what the briefs say at a glance and in their first lines. With several runs: of the last.
    numbers : Survived
        The same, of all numbers about people.
    compared_with : tuple of str
        Earlier releases that the readers are taken to know.
    """

    runs: tuple[str, ...]
    findings: tuple[Finding, ...]
    headlines: Survived = NOTHING
    numbers: Survived = NOTHING
    compared_with: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """The audit as words for a terminal."""
        head = f"{len(self.findings)} findings" if self.findings else "No finding"
        beside = f", together with {', '.join(self.compared_with)}" if self.compared_with else ""
        lines = [f"{head} in {', '.join(self.runs)}{beside}.", self.told_share]
        return "\n".join([*(finding.block for finding in self.findings), *lines])

    @property
    def told_share(self) -> str:
        """Say how many of the headline numbers are left, and how many of all."""
        groups = {
            "of the headline numbers": self.headlines,
            "of all numbers about people": self.numbers,
        }
        told = [f"{of}, {s.told}" for of, s in groups.items() if s.shown == s.shown]
        if not told:
            return "There is no number about people in these briefs."
        text = "; ".join(told)
        return f"{text[0].upper()}{text[1:]}."

    def to_json(self) -> dict[str, Any]:
        """Return what ``_private/audit.json`` holds; no NaN."""
        values = asdict(self)
        for key in ("headlines", "numbers"):
            shares = getattr(self, key)._asdict().items()
            values[key] = {k: None if share != share else round(share, 4) for k, share in shares}
        return values


def told_lines(findings: Sequence[Finding], most: int = 50) -> str:
    """Return findings for an error message, one in a line."""
    lines = [f"  {finding.line}" for finding in findings[:most]]
    if len(findings) > most:
        lines.append(f"  and {len(findings) - most} more")
    return "\n".join(lines)
