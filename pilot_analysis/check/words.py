"""Sentences that the report for a terminal and the page have in common."""

import pandas as pd

from pilot_analysis.check.faults import Broken
from pilot_analysis.check.findings import Chain, Findings
from pilot_analysis.evaluation.joins import MATCHED
from pilot_analysis.evaluation.oddities import Oddity

__all__ = [
    "INTERNAL",
    "SOUND",
    "chain_words",
    "count",
    "coverage_words",
    "join_words",
    "missing_words",
    "oddity_words",
    "verdict",
]

INTERNAL = "Internal: for those who hold the data. It lists ids of students; do not pass it on."
SOUND = "Files without a fault"
_MOST_NAMED = 12
_PEOPLE = {"students": "student/students", "respondents": "person/people"}


def count(n: int, forms: str) -> str:
    """Return a number with the form of a word, "row/rows", that agrees with it."""
    one, many = forms.split("/")
    return f"{n:,} {one if n == 1 else many}"


def verdict(report: Findings | Broken) -> str:
    """Return the state of the pilot in one or two sentences."""
    if isinstance(report, Broken):
        return (
            f"{count(report.n_faults, 'fault/faults')} to mend. Nothing was loaded, and no brief "
            "can be made until then."
        )
    rows, n_odd = report.rows, len(report.found)
    odd = count(n_odd, "kind of oddity was/kinds of oddities were") if n_odd else "Nothing odd was"
    lost = [f"{chain.file} ({chain.table})" for chain in report.chains if not chain.kept]
    nothing = f" Nothing was kept of {', '.join(lost)}: see the reasons." if lost else ""
    return (
        f"No fault. {rows['read']:,} rows read = {rows['kept']:,} kept + {rows['set aside']:,} set "
        f"aside.{nothing} {odd} found."
    )


def chain_words(chain: Chain) -> str:
    """Return "967 responses -> 1,934 answers -> 1,793 kept", or "10 rows, all kept"."""
    *before, (read, called), (kept, _) = chain.links
    if kept < read:
        before = [*before, (read, called)]
    elif not before:
        return f"{_counted(read, called)}, all kept"
    return " -> ".join(_counted(n, called) for n, called in (*before, (kept, "kept")))


def _counted(n: int, called: str) -> str:
    return count(n, f"{called.removesuffix('s')}/{called}")


def join_words(lines: pd.DataFrame) -> tuple[str, list[str]]:
    """Return how many rows of a join matched, and what became of the others."""
    rows = dict(zip(lines["fate"], lines["rows"], strict=True))
    matched, total = rows.pop(MATCHED), int(lines["rows"].sum())
    table, to = lines["table"].iloc[0], lines["to"].iloc[0]
    others = [f"{n:,}: {fate}" for fate, n in rows.items()]
    balance = f"{total:,} rows = {matched:,} matched + {total - matched:,} not"
    return f"{table} with {to}: {balance if others else f'all {total:,} rows matched'}", others


def coverage_words(lines: pd.DataFrame) -> str:
    """Return at which schools an instrument does not reach everyone."""
    whole, partly = lines[lines["share"] == 1], lines[lines["share"] < 1]
    partly = partly.sort_values(["share", "school_id"])
    if partly.empty:
        return f"complete at all {len(lines)} schools" if len(lines) > 1 else "complete"
    if not (lines["share"] > 0).any():
        return "at no school"
    named = [f"{line.school_id} {_share(line.share)}" for line in partly.itertuples()]
    more = f" and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
    rest = f"; complete at {len(whole)} of {len(lines)}" if len(whole) else ""
    return ", ".join(named[:_MOST_NAMED]) + more + rest


def _share(share: float) -> str:
    if share == 0:
        return "none"
    # never 100%: somebody is missing
    return f"{min(100 * share, 99):.0f}%" if share >= 0.005 else "under 1%"


def oddity_words(oddity: Oddity) -> str:
    """Return "Scores far from the others: 3 rows of 2 students at 2 schools"."""
    words = f"{oddity.kind.title}: {count(oddity.rows, 'row/rows')}"
    if oddity.kind.population == "records":
        return f"{words} of {oddity.n:,}"
    people = count(oddity.n_people, _PEOPLE[oddity.kind.population])
    schools = count(oddity.cases["school_id"].nunique(), "school/schools")
    return f"{words} of {people} at {schools}"


def missing_words(missing: pd.DataFrame) -> dict[str, str]:
    """Return, per outcome and product, how many students are missing and why."""
    said = {}
    for about, part in missing.groupby("about", sort=False):
        reasons = part["missing"].value_counts()
        said[about] = ", ".join(f"{n:,} {reason}" for reason, n in reasons.items())
    return said
