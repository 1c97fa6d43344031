"""Pilots for the tests of evaluation: the two that ship, and small ones made in memory."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from pilot_analysis import Pilot, PilotConfig, load_pilot
from pilot_analysis.evaluation import evaluate
from pilot_analysis.simulate.frame import clean_frame

_RAW = Path(__file__).parents[2] / "data" / "raw"


@pytest.fixture(scope="session")
def demo():
    """The simulated pilot of ten schools, with every instrument."""
    return load_pilot(_RAW / "demo")


@pytest.fixture(scope="session")
def star():
    """Project STAR: tests and classes, and no other instrument."""
    return load_pilot(_RAW / "star")


@pytest.fixture(scope="session")
def evaluated_demo(demo):
    """Every result of the simulated pilot."""
    return evaluate(demo)


@pytest.fixture(scope="session")
def evaluated_star(star):
    """Every result of Project STAR."""
    return evaluate(star)


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
