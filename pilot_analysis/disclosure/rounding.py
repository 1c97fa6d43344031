"""How every released number is rounded: one table, by unit, for every audience (rounding.toml).

It is no setting of a policy: two roundings of one number bound it more tightly than either, and
some readers have what was made for two audiences.
"""

import re
import tomllib
from importlib import resources

import numpy as np
import pandas as pd

from pilot_analysis.disclosure.structure import WORDS
from pilot_analysis.errors import DisclosureError
from pilot_analysis.results import Results

__all__ = ["NUMBERS", "ROUNDING", "decimals_of", "round_results"]

_FILE = resources.files("pilot_analysis.disclosure") / "rounding.toml"
_TABLE = tomllib.loads(_FILE.read_text(encoding="utf-8"))

ROUNDING = {unit: rule["decimals"] for unit, rule in _TABLE["units"].items()}
"""Unit (without its range in parentheses) -> decimals of the estimate and its interval."""

NUMBERS = (
    "estimate", "std_error", "statistic", "df", "p_value", "conf_level", "conf_low", "conf_high",
    "n", "n_clusters", "p_adjusted",
)  # fmt: skip
"""The columns of `Results` that hold numbers."""

_BY_KIND = {"count": "count", "proportion": "proportion", "score": "NPS points", "test": "p"}
_FIXED = {column: rule["decimals"] for column, rule in _TABLE["columns"].items()}
_PARAMETER_DECIMALS = 6


def decimals_of(kind: str, unit: str) -> int:
    """Return the decimals that a result of this kind and unit is released with.

    Parameters
    ----------
    kind : str
        One of `results.KINDS`. A value of the configuration ("parameter") is public as it stands.
    unit : str
        For instance "scale points (1-5)"; may be blank for counts, proportions, scores and tests,
        whose kind implies it.

    Raises
    ------
    DisclosureError
        No rule says how this unit is rounded, so its value cannot be released.
    """
    if kind == "parameter":
        return _PARAMETER_DECIMALS
    if kind in WORDS:
        return 0
    if kind == "score" and unit == "points":
        unit = _BY_KIND["score"]
    base = re.sub(r" \(.*\)$", "", unit) or _BY_KIND.get(kind, "")
    if base not in ROUNDING:
        raise DisclosureError(
            f"no rounding rule for the unit {unit!r} of a {kind}: add it to "
            f"disclosure/rounding.toml; known are {', '.join(ROUNDING)}."
        )
    return ROUNDING[base]


def round_results(results: Results) -> pd.DataFrame:
    """Return a copy of the results' frame with every number rounded.

    Returns
    -------
    pandas.DataFrame
        Estimate and interval by `ROUNDING`, the standard error with one decimal more; no
        negative zeros.

    Raises
    ------
    DisclosureError
        A unit that has no rule; the message names the result.
    """
    frame = results.frame.copy()
    pairs = frame[["kind", "unit"]].drop_duplicates()
    known = {}
    for kind, unit in pairs.itertuples(index=False):
        try:
            known[kind, unit] = decimals_of(kind, unit)
        except DisclosureError as error:
            first = frame.loc[frame["kind"].eq(kind) & frame["unit"].eq(unit), "result_id"].iloc[0]
            raise DisclosureError(f"{first}: {error}") from error
    units = zip(frame["kind"], frame["unit"], strict=True)
    decimals = np.array([known[pair] for pair in units], int)
    for column in NUMBERS:
        values = pd.to_numeric(frame[column]).to_numpy(float, na_value=np.nan)
        if column in _FIXED:
            rounded = np.round(values, _FIXED[column])
        else:
            rounded = _round_each(values, decimals + (column == "std_error"))
        frame[column] = rounded + 0.0  # -0.0 + 0.0 is 0.0
    return frame


def _round_each(values: np.ndarray, decimals: np.ndarray) -> np.ndarray:
    rounded = values.copy()
    for places in np.unique(decimals):
        here = decimals == places
        rounded[here] = np.round(values[here], places)
    return rounded
