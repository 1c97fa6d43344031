"""Pilots for the tests of evaluation: a part of the demo, and small ones made in memory."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from pilot_analysis import Pilot, PilotConfig
from pilot_analysis.simulate.frame import clean_frame


@pytest.fixture(scope="session")
def three_schools(demo):
    """Three schools of the simulated pilot: one with two products, one with slow support."""
    wanted = ["S05", "S07", "S09"]
    students = demo.table("students")
    students = students.loc[students["school_id"].isin(wanted), "student_id"]
    tables = {}
    for name, table in demo.tables.items():
        if "student_id" in table:
            table = table[table["student_id"].isin(students)]
        elif "school_id" in table:
            table = table[table["school_id"].isin(wanted)]
        tables[name] = table.reset_index(drop=True)
    return replace(demo, tables=tables)


@pytest.fixture(scope="session")
def make_pilot():
    """`make_pilot(tables, **config)`: a pilot of lists of rows, one dict a row; nothing is read."""

    def make(tables: dict[str, list[dict]], **config) -> Pilot:
        settings = {"pilot": {"id": "small", "title": "A small pilot"}} | config
        sources = {name: {"file": f"{name}.csv"} for name in ("schools", *tables)}
        clean = {name: clean_frame(name, rows) for name, rows in tables.items()}
        ledger = pd.DataFrame(columns=["table", "file", "unit", "step", "reason", "rows"])
        files = pd.DataFrame(columns=["table", "file", "rows", "bytes", "sha256", "keyed_hash"])
        return Pilot(PilotConfig(folder=Path(), sources=sources, **settings), clean, ledger, files)

    return make
