"""The report of a check as a page of its own: no script, nothing from elsewhere."""

from functools import cache
from importlib import resources
from typing import Any

import pandas as pd

import pilot_analysis
from pilot_analysis.check.faults import Broken
from pilot_analysis.check.findings import Findings
from pilot_analysis.check.words import (
    INTERNAL,
    SOUND,
    chain_words,
    count,
    join_words,
    missing_words,
    oddity_words,
    verdict,
)
from pilot_analysis.config import PilotConfig
from pilot_analysis.evaluation.oddity_kinds import ODDITY_KINDS
from pilot_analysis.provenance import git_commit, versions

__all__ = ["page_of"]

_MOST_ROWS = 2000  # of one list: a page must open


def page_of(config: PilotConfig, report: Findings | Broken) -> str:
    """Return the report as HTML.

    Parameters
    ----------
    config, report
        As of `terminal.text_of`.
    """
    values = {
        "pilot": config.pilot,
        "internal": INTERNAL,
        "sound": SOUND,
        "verdict": verdict(report),
        "chains": [(c, chain_words(c).replace("->", "→")) for c in report.chains],
        "unread": report.unread,
        "version": f"{versions()['pilot-analysis']} {git_commit()}".strip(),
    }
    own = {"faults": report.faults} if isinstance(report, Broken) else _of_findings(report)
    return _template().render(values | own)


def _of_findings(findings: Findings) -> dict[str, Any]:
    odd = [_of_oddity(oddity) for oddity in findings.found]
    unseen = {
        "nothing": [k for k, o in findings.oddities.items() if o and not o.rows],
        "unknown": [k for k, o in findings.oddities.items() if o is None],
    }
    return {
        "joins": [join_words(part)
                  for _, part in findings.joins.groupby(["table", "to"], sort=False)],
        "coverage": _coverage(findings),
        "odd": odd,
        "unseen": {k: [ODDITY_KINDS[name].title for name in names] for k, names in unseen.items()},
        "missing": _missing(findings.missing),
        "missing_words": missing_words(findings.missing),
        "absent": findings.absent,
    }  # fmt: skip


def _of_oddity(oddity) -> dict[str, Any]:
    kind, cases = oddity.kind, oddity.cases
    limit = "" if kind.limit is None else f"{kind.limit:g}"
    return {
        "kind": kind,
        "words": oddity_words(oddity),
        "rule": kind.rule.format(limit=limit),
        "cases": [
            (case.school_id, case.person_id, case.about, _number(case.value))
            for case in cases[:_MOST_ROWS].itertuples(index=False)
        ],
        "more": max(len(cases) - _MOST_ROWS, 0),
    }


def _number(value: float) -> str:
    return "" if pd.isna(value) else f"{value:,.10g}"


def _coverage(findings: Findings) -> dict[str, Any]:
    """Return the map of schools by instruments: the text and the look of each cell."""
    lines = findings.coverage[~findings.coverage["table"].isin(findings.absent)]
    tables = list(dict.fromkeys(lines["table"]))
    cells = {(line.school_id, line.table): _cell(line) for line in lines.itertuples()}
    names = findings.pilot.table("schools").set_index("school_id")["name"]
    rows = [
        (f"{school} {names[school]}", [cells[school, table] for table in tables])
        for school in findings.pilot.schools
    ]
    return {"tables": tables, "rows": rows}


def _cell(line) -> tuple[str, str, int]:
    """Return what a cell says, how it looks, and how far it is filled (percent)."""
    look = "all" if line.share == 1 else "some" if line.share > 0 else "none"
    filled = round(100 * line.share)
    if pd.isna(line.n):
        return ("yes" if line.share else "no", look, filled)
    if look == "all":
        return (f"all {line.n:,}", look, filled)
    return (f"{line.known:,} of\N{NO-BREAK SPACE}{line.n:,}", look, filled)


def _missing(missing: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {
            "about": about,
            "rows": [tuple(row)[1:] for row in part[:_MOST_ROWS].itertuples(index=False)],
            "more": max(len(part) - _MOST_ROWS, 0),
            "counted": count(len(part), "student/students"),
        }
        for about, part in missing.groupby("about", sort=False)
    ]


@cache
def _template() -> Any:
    from jinja2 import Environment, FileSystemLoader

    package = resources.files(pilot_analysis)
    folders = [str(package / "check"), str(package / "batch" / "templates")]
    environment = Environment(
        loader=FileSystemLoader(folders), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["thousands"] = "{:,}".format
    return environment.get_template("check.html.j2")
