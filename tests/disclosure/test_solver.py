"""The solver's own words do not reach the user, and its failures are never taken for answers."""

import ctypes
import os

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import Bounds, LinearConstraint, OptimizeResult

from pilot_analysis.disclosure import Linear, PublishedTable, audit
from pilot_analysis.disclosure.tables import intervals, solver
from pilot_analysis.errors import DisclosureError


def program(whole):
    """The least x with 2 x >= 3, up to 5."""
    limits = [LinearConstraint(np.array([[2.0]]), 3, np.inf)]
    return solver.solve(np.ones(1), Bounds(0, 5), limits, whole)


def test_whole_numbers_are_whole_and_others_need_not_be():
    assert program(None).x.tolist() == [1.5]
    assert program(np.array([True])).x.tolist() == [2]
    assert program(np.array([False])).x.tolist() == [1.5]


@pytest.mark.skipif(os.name != "posix", reason="needs the C library by name")
def test_what_the_library_prints_goes_nowhere_and_what_we_print_stays(monkeypatch, capfd):
    libc = ctypes.CDLL(None)
    own = solver.milp

    def talkative(*arguments, **details):
        libc.printf(b"tmpSolver.run();\n")
        os.write(1, b"at once\n")
        return own(*arguments, **details)

    monkeypatch.setattr(solver, "milp", talkative)
    libc.printf(b"before, ")
    assert program(np.array([True])).x.tolist() == [2]
    libc.printf(b"after")
    libc.fflush(None)
    assert capfd.readouterr().out == "before, after"


def test_an_error_gives_the_output_back(monkeypatch, capfd):
    def failing(*_arguments, **_details):
        raise ValueError("too large")

    monkeypatch.setattr(solver, "milp", failing)
    with pytest.raises(ValueError, match="too large"):
        program(np.array([True]))
    os.write(1, b"here")
    assert capfd.readouterr().out == "here"


def test_without_a_standard_output_it_solves_all_the_same(monkeypatch):
    def closed(_number):
        raise OSError("bad file descriptor")

    monkeypatch.setattr(solver.os, "dup", closed)
    assert program(np.array([True])).x.tolist() == [2]


def hidden_pair(**bounds):
    """Two hidden numbers of which the second is at least the first."""
    cells = pd.DataFrame(
        {"value": np.nan, "low": 0.0, "high": [9.0, np.inf], "is_whole": False, "least_values": 0},
        index=["a", "b"],
    ).assign(**bounds)
    relation = Linear({"b": 1.0, "a": -1.0}, 0.0, np.inf)
    return PublishedTable(cells, [relation], frozenset(cells.index))


def test_a_number_without_end_is_told_from_one_that_could_not_be_solved(monkeypatch):
    for is_whole in (False, True):
        found = audit([hidden_pair(is_whole=is_whole)]).set_index("cell")
        assert found.loc["b", ["low", "high"]].tolist() == [0, np.inf]

    def failing(objective, *arguments, **details):
        found = solver.solve(objective, *arguments, **details)
        return OptimizeResult(status=4, x=None) if objective.any() else found

    monkeypatch.setattr(intervals, "solve", failing)
    with pytest.raises(DisclosureError, match="could not be settled"):
        audit([hidden_pair(low=[1.0, 0.0])])
