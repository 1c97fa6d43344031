"""Linear combinations of a model's coefficients, as a reader would write them."""

from collections.abc import Mapping, Sequence

import numpy as np

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.effects.inputs import float_array
from pilot_analysis.stats.joint import positions

__all__ = ["contrast_label", "contrast_row", "contrast_rows"]

_DEPENDENT = 1e-9  # share of a contrast's length that the contrasts before it leave unexplained


def contrast_row(weights: Mapping[str, float], names: Sequence[str]) -> np.ndarray:
    """Return the weight of each of a model's terms, shape (p,).

    Raises
    ------
    DesignError
        No term, a term that the model does not have, or weights that are not finite or all 0.
    """
    if not isinstance(weights, Mapping):
        raise DesignError(f"A contrast gives each term a weight, as {{'x': 1}}; got {weights!r}.")
    at = positions(list(weights), names)
    row = np.zeros(len(names))
    row[at] = float_array(list(weights.values()), "The weights of a contrast")
    if not (np.isfinite(row).all() and row.any()):
        raise DesignError(
            f"The weights of a contrast must be finite and not all zero; got {dict(weights)}."
        )
    return row


def contrast_label(weights: Mapping[str, float]) -> str:
    """Return the contrast as a reader would write it: ``a - b``, ``0.5 a + 0.5 b``."""
    parts = []
    for name, weight in weights.items():
        sign = "-" if weight < 0 else "+"
        size = "" if abs(weight) == 1 else f"{abs(weight):g} "
        parts.append(f"{sign} {size}{name}")
    label = " ".join(parts)
    return label[2:] if label.startswith("+") else f"-{label[2:]}"


def contrast_rows(
    terms: Sequence[str | Mapping[str, float]], names: Sequence[str]
) -> tuple[list[str], np.ndarray]:
    """Return labels and weights, shape (q, p), of terms or contrasts to test together.

    Raises
    ------
    DesignError
        What `contrast_row` refuses; no contrast; contrasts that follow from each other.
    """
    if isinstance(terms, str | Mapping) or not isinstance(terms, Sequence) or not len(terms):
        raise DesignError("A test needs a list of one or more different terms or contrasts.")
    weights = [{term: 1.0} if isinstance(term, str) else term for term in terms]
    rows = np.stack([contrast_row(w, names) for w in weights])
    labels = [contrast_label(w) for w in weights]
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    left = np.abs(np.diag(np.linalg.qr((rows / lengths).T, mode="r")))
    if len(rows) > len(names) or left.min() < _DEPENDENT:
        raise DesignError(
            f"A test needs different terms, none of which follows from the others; got "
            f"{', '.join(labels)}."
        )
    return labels, rows
