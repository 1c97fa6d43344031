"""The one place where linear and integer programs are solved: HiGHS, kept from writing."""

import ctypes
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, OptimizeResult, milp

__all__ = ["solve"]

_STDOUT = 1
_ONE_AT_A_TIME = Lock()


def solve(
    objective: np.ndarray,
    bounds: Bounds,
    constraints: Sequence[LinearConstraint],
    whole: np.ndarray | None = None,
    **options: Any,
) -> OptimizeResult:
    """Minimize `objective` by linear programming, or by integers where some numbers are whole.

    Parameters
    ----------
    objective : numpy.ndarray, shape (n,)
    bounds : Bounds
    constraints : sequence of LinearConstraint
    whole : numpy.ndarray of bool, shape (n,), or None
        Numbers that must be whole; None: none.
    **options
        As `scipy.optimize.milp` knows them.

    Returns
    -------
    OptimizeResult

    Notes
    -----
    Where a solution in whole numbers has to be polished, HiGHS prints a line on the process's
    standard output whatever its options say. For so long the output goes nowhere, also that of
    other threads.
    """
    details = {"bounds": bounds, "constraints": constraints, "options": options}
    if whole is None:
        return milp(objective, **details)
    with _ONE_AT_A_TIME, _nothing_printed():
        return milp(objective, integrality=whole.astype(int), **details)


@contextmanager
def _nothing_printed() -> Iterator[None]:
    _flush()
    try:
        before = os.dup(_STDOUT)
    except OSError:  # there is no standard output
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, _STDOUT)
    os.close(nowhere)
    try:
        yield
    finally:
        _flush()
        os.dup2(before, _STDOUT)
        os.close(before)


def _flush() -> None:
    """Write out what the C library still holds: our own before, its line into nothing after."""
    if os.name == "posix":
        ctypes.CDLL(None).fflush(None)
