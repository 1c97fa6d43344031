"""The known name nearest to one that is not known."""

import difflib
from collections.abc import Iterable

__all__ = ["nearest"]


def nearest(word: str, known: Iterable[str]) -> str:
    """Return how to go on after an unknown name: the nearest known one, or which are known.

    Returns
    -------
    str
        ``"; did you mean 'S03'?"``, or the first dozen known names, or nothing where none is known.
    """
    names = sorted(set(map(str, known)))
    close = difflib.get_close_matches(str(word), names, n=1, cutoff=0.6)
    if close:
        return f"; did you mean {close[0]!r}?"
    more = f" and {len(names) - 12:,} more" if len(names) > 12 else ""
    return f"; known here: {', '.join(names[:12])}{more}" if names else ""
