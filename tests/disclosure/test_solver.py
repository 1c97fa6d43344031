"""The solver's own words do not reach the user."""

import ctypes
import os

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint

from pilot_analysis.disclosure.tables import solver


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
