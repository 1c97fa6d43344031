"""What follows at once: bounds of each number from the bounds of the others, sum by sum.

Activity-based bound tightening (Savelsbergh 1994, ORSA Journal on Computing 6(4), section 1), with
whole numbers rounded inwards, and the shares: a share known to 0.01% has few possible sizes.
"""

import numpy as np

from pilot_analysis.disclosure.tables.published import TOLERANCE
from pilot_analysis.disclosure.tables.system import ContradictionError, Share, System
from pilot_analysis.errors import DisclosureError

__all__ = ["MOST_SIZES", "activities", "denominators", "possible_sizes", "propagate"]

MOST_SIZES = 1000
"""Sizes of a group that are tried, from the smallest possible one on."""

_ROUNDS = 60


def denominators(low: float, high: float, limit: int = MOST_SIZES) -> list[int]:
    """Return the sizes of a group of which a whole number can be this share.

    Parameters
    ----------
    low, high : float
        What is known of the share, from 0 to 1: "37.21%" is 0.37205 to 0.37215.
    limit : int
        The largest size tried.

    Returns
    -------
    list of int
        Every n up to `limit` for which some whole k has ``low <= k / n <= high``.

    Raises
    ------
    DisclosureError
        The bounds are not in order within 0 to 1.
    """
    if not 0 <= low <= high <= 1:
        raise DisclosureError(f"a share needs 0 <= low <= high <= 1, not {low} and {high}.")
    return _sizes_with_a_whole(np.arange(1, limit + 1), low, high, 0, np.inf).tolist()


def _sizes_with_a_whole(sizes, low, high, least, most, *, whole=True) -> np.ndarray:
    """Return the `sizes` n with a (whole) k in ``[low n, high n]`` and ``[least, most]``."""
    slack = 1e-9 * (1 + sizes * max(abs(low), abs(high) if np.isfinite(high) else 0.0))
    first, last = np.maximum(low * sizes, least) - slack, np.minimum(high * sizes, most) + slack
    if whole:
        first, last = np.ceil(first), np.floor(last)
    return sizes[first <= last]


def propagate(system: System) -> System:
    """Return the system with bounds as tight as sum by sum and share by share they get.

    Returns
    -------
    System
        No bound is wider than before, and no possible value is lost.

    Raises
    ------
    DisclosureError
        A number is left without any possible value; the message names those it hangs on.
    """
    low, high = system.low.copy(), system.high.copy()
    entries = system.matrix.tocoo()
    entries = (entries.row, entries.col, entries.data)
    done: dict[Share, list[float]] = {}
    for _ in range(_ROUNDS):
        before = low.copy(), high.copy()
        _round_whole(system, low, high)
        if len(system.row_low):
            _tighten_by_sums(system, entries, low, high)
        for share in system.shares:
            at = list(share[:3])
            known = [*low[at], *high[at]]
            if done.get(share) != known:  # else it was done with just these bounds
                done[share] = known
                _tighten_by_share(system, share, low, high)
        _round_whole(system, low, high)
        _refuse_empty(system, low, high)
        if not (_moved(before[0], low, high).any() or _moved(before[1], high, low).any()):
            break
    crossed = low > high  # by no more than the computer's rounding
    low[crossed] = high[crossed] = (low[crossed] + high[crossed]) / 2
    return system.with_bounds(low, high)


def _moved(before: np.ndarray, after: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Whether a bound moved by enough to go on: real numbers can creep for ever."""
    with np.errstate(invalid="ignore"):
        step = np.where(before == after, 0.0, np.abs(after - before))
        width = np.where(np.isfinite(other), np.abs(after - other), 1.0)
    return step > np.maximum(TOLERANCE * (1 + np.abs(after)), 1e-3 * width)


def _round_whole(system: System, low: np.ndarray, high: np.ndarray) -> None:
    whole = system.is_whole
    low[whole] = np.ceil(low[whole] - TOLERANCE)
    high[whole] = np.floor(high[whole] + TOLERANCE)


def _refuse_empty(system: System, low: np.ndarray, high: np.ndarray) -> None:
    empty = np.flatnonzero(low > high + TOLERANCE * (1 + np.minimum(np.abs(low), np.abs(high))))
    if empty.size:
        at = empty[0]
        rows = system.matrix[:, [at]].nonzero()[0]
        near = np.unique(system.matrix[rows].nonzero()[1]) if rows.size else empty[:1]
        for share in system.shares:
            if at in share[:3]:
                near = np.union1d(near, share[:3])
        printed = near[~system.is_hidden[near]]
        raise ContradictionError(system.ids[printed if printed.size else near])


def _tighten_by_sums(system, entries, low, high) -> None:
    row, col, weight = entries
    up = weight > 0
    _, _, least, most = activities(system.with_bounds(low, high), *entries)
    # what the others of the sum leave for this one
    room_high, room_low = system.row_high[row] - least, system.row_low[row] - most
    new_high = np.where(up, room_high, room_low) / weight
    new_low = np.where(up, room_low, room_high) / weight
    np.minimum.at(high, col, np.where(np.isnan(new_high), np.inf, new_high))
    np.maximum.at(low, col, np.where(np.isnan(new_low), -np.inf, new_low))


def activities(system: System, row, cell, weight) -> tuple[np.ndarray, ...]:
    """Return, for every entry of the sums, its least and largest part, and that of the others.

    Parameters
    ----------
    row, cell, weight : numpy.ndarray, shape (entries,)
        The matrix, entry by entry.
    """
    up, m = weight > 0, len(system.row_low)
    low, high = system.low[cell], system.high[cell]
    least, most = weight * np.where(up, low, high), weight * np.where(up, high, low)
    return least, most, _without_own(row, least, m), _without_own(row, most, m)


def _without_own(row: np.ndarray, parts: np.ndarray, m: int) -> np.ndarray:
    """Return, for every entry, the sum of the other entries of its row; infinite if one is."""
    endless = np.isinf(parts)
    finite = np.where(endless, 0.0, parts)
    sums = np.bincount(row, finite, m)[row] - finite
    others = np.bincount(row, endless, m)[row] - endless
    sign = np.bincount(row, np.where(endless, np.sign(parts), 0.0), m)[row].astype(float)
    sign -= np.where(endless, np.sign(parts), 0.0)
    return np.where(others > 0.5, np.where(sign > 0, np.inf, -np.inf), sums)


def _tighten_by_share(system: System, share: Share, low, high) -> None:
    whole, part, size, scale = share
    low[size] = max(low[size], 1.0)
    sizes, last_tried = possible_sizes(system.with_bounds(low, high), share)
    low[size] = sizes[0] if sizes.size else last_tried + 1
    if last_tried >= high[size]:
        if not sizes.size:
            raise ContradictionError(system.ids[[whole, part, size]])
        high[size] = sizes[-1]
    first, last = _multiplied((low[part], high[part]), (low[size], high[size]))
    low[whole], high[whole] = max(low[whole], first / scale), min(high[whole], last / scale)
    inverse = (1 / high[size], 1 / low[size])
    first, last = _multiplied((low[whole] * scale, high[whole] * scale), inverse)
    slack = 1e-9 * (1 + abs(first) + abs(last)) if np.isfinite(first + last) else 0.0
    low[part], high[part] = max(low[part], first - slack), min(high[part], last + slack)


def possible_sizes(system: System, share: Share) -> tuple[np.ndarray, float]:
    """Return the sizes that the share and the whole allow, and the largest that was tried.

    At most `MOST_SIZES` are tried, from the smallest possible one on.
    """
    whole, part, size, scale = share
    low, high = system.low, system.high
    first = max(1.0, np.ceil(low[size] - TOLERANCE))
    if low[part] >= 0 and 0 < high[part] < np.inf:  # the whole tells how many at least
        first = max(first, np.ceil(scale * low[whole] / high[part] - TOLERANCE))
    last = min(high[size], first + MOST_SIZES - 1)
    sizes = _sizes_with_a_whole(
        np.arange(first, last + 1), low[part] / scale, high[part] / scale,
        low[whole], high[whole], whole=system.is_whole[whole],
    )  # fmt: skip
    return sizes, last


def _multiplied(first: tuple[float, float], second: tuple[float, float]) -> tuple[float, float]:
    """Return the bounds of a product of two numbers within bounds."""
    with np.errstate(invalid="ignore"):
        ends = np.outer(first, second).ravel()
    ends = np.where(np.isnan(ends), 0.0, ends)  # nothing times anything is nothing
    return float(ends.min()), float(ends.max())
