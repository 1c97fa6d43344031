"""What the imputation model knows of every student: arm, class, school and covariates."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.grouping import encode_groups
from pilot_analysis.stats.missing.cross_products import class_sums

__all__ = ["Layout", "make_layout", "reduce_columns"]

_DEPENDENT = 1e-6  # share of a column's length that the columns before it leave unexplained
_SPARE_CLASSES = 10  # classes beyond the number of class-level terms


@dataclass(frozen=True, slots=True)
class Layout:
    """Rows in the order in which they are processed: by class, and by index within it.

    Attributes
    ----------
    rows : numpy.ndarray of int, shape (n,)
        Position in the data of each processed row.
    arms : numpy.ndarray, shape (arms - 1, n)
        Indicators of all arms but the first.
    codes : numpy.ndarray of int, shape (n,)
        Class of each row, sorted; 0 for all without classes.
    starts : numpy.ndarray of int, shape (classes,)
        First row of each class; empty without classes.
    fixed : numpy.ndarray, shape (s, n)
        Intercept, arms, schools and covariates.
    labels : tuple of str, length s
    uses_means : bool
        Whether class means of the targets are predictors too.
    """

    rows: np.ndarray
    arms: np.ndarray
    codes: np.ndarray
    starts: np.ndarray
    fixed: np.ndarray
    labels: tuple[str, ...]
    uses_means: bool

    def predictors(self, z: np.ndarray) -> np.ndarray:
        """Turn a target (..., n) into columns (..., k, n): itself, by arm, and its class mean."""
        columns = [z, *(z * arm for arm in self.arms)]
        if self.uses_means:
            sizes = np.diff(self.starts, append=len(self.codes))
            columns.append((class_sums(z, self.starts) / sizes)[..., self.codes])
        return np.stack(columns, axis=-2)


def make_layout(
    data: pd.DataFrame,
    *,
    arm: str | None,
    cluster: str | None,
    school: str | None,
    covariates: list[str],
    arm_by_school: bool,
    n_targets: int,
) -> Layout:
    """Order the rows and build the columns that are the same for every target.

    Raises
    ------
    DesignError
        A column with missing or infinite values; one arm only.
    """
    codes = {name: _codes(data, name) for name in (arm, cluster, school) if name}
    rows = _row_order(data, codes[cluster][0] if cluster else None)
    columns, labels = [np.ones(len(data))], ["intercept"]
    arms = _indicators(codes, arm)
    if arm and not arms:
        raise DesignError(
            f"Column {arm!r} holds one arm only. Leave arm out: there is nothing to tell apart."
        )
    schools = _indicators(codes, school)
    both = {f"{a}, {s}": x * y for a, x in arms.items() for s, y in schools.items()}
    groups = [arms, schools, both if arm_by_school else {}]
    groups += [_covariate(data[name], name) for name in covariates]
    for group in groups:
        labels += group.keys()
        columns += group.values()
    arm_columns = np.array(list(arms.values())).reshape(len(arms), len(data))[:, rows]
    class_codes, starts = np.zeros(len(data), dtype=int), np.zeros(0, dtype=int)
    if cluster and len(codes[cluster][1]) > 1:
        class_codes = codes[cluster][0][rows]
        starts = np.flatnonzero(np.diff(class_codes, prepend=-1))
    structural = 1 + len(arms) + len(schools) + len(groups[2])
    uses_means = len(starts) - structural - n_targets >= _SPARE_CLASSES
    fixed = np.array(columns)[:, rows]
    return Layout(rows, arm_columns, class_codes, starts, fixed, tuple(labels), uses_means)


def reduce_columns(
    fixed: np.ndarray, labels: tuple[str, ...], observed: np.ndarray, target: str
) -> np.ndarray:
    """Leave out columns that follow from others, if they do so for every student.

    Returns
    -------
    numpy.ndarray of int
        Columns that are kept.

    Raises
    ------
    DesignError
        A column that follows from the others where the target is observed but not where it is
        missing: nothing then says how these students would score.
    """
    part = fixed[:, observed].T
    length = np.linalg.norm(part, axis=0)
    scaled = part / np.where(length > 0, length, 1.0)
    left = np.abs(np.diag(np.linalg.qr(scaled, mode="r")))
    left = np.append(left, np.zeros(len(fixed) - len(left)))
    kept = np.flatnonzero(left > _DEPENDENT)
    gone = np.flatnonzero(left <= _DEPENDENT)
    if len(gone):
        coefficients = np.linalg.lstsq(part[:, kept], part[:, gone], rcond=None)[0]
        apart = np.abs(fixed[gone] - coefficients.T @ fixed[kept]).max(axis=1) > 1e-5
        if apart.any():
            names = ", ".join(labels[j] for j in gone[apart])
            raise DesignError(
                f"Nobody with a value of {target!r} shows what goes with: {names}. Leave these "
                "students or this column out of the imputation, and say so."
            )
    return kept


def _codes(data: pd.DataFrame, name: str) -> tuple[np.ndarray, np.ndarray]:
    _require_complete(data[name], name)
    if isinstance(data[name].dtype, pd.CategoricalDtype):
        used = data[name].cat.remove_unused_categories().cat
        return used.codes.to_numpy(int), np.asarray(used.categories)
    return encode_groups(data[name])


def _require_complete(values: pd.Series, name: str) -> None:
    if values.isna().any():
        raise DesignError(
            f"Column {name!r} is empty in {int(values.isna().sum())} of {len(values)} rows. A "
            "covariate with missing values belongs among the targets; arm, class and school must "
            "be known."
        )


def _row_order(data: pd.DataFrame, codes: np.ndarray | None) -> np.ndarray:
    try:
        rows = data.index.argsort()
    except TypeError:  # labels of several kinds have no order; that of the rows then counts
        rows = np.arange(len(data))
    return rows if codes is None else rows[np.argsort(codes[rows], kind="stable")]


def _indicators(codes: dict, name: str | None) -> dict[str, np.ndarray]:
    if not name:
        return {}
    found, levels = codes[name]
    return {f"{name} {level}": (found == j).astype(float) for j, level in enumerate(levels) if j}


def _covariate(values: pd.Series, name: str) -> dict[str, np.ndarray]:
    _require_complete(values, name)
    if pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        numbers = values.to_numpy(dtype=float)
        if not np.isfinite(numbers).all():
            raise DesignError(f"Column {name!r} holds infinite values. Mend these rows.")
        return {name: (numbers - numbers.mean()) / (numbers.std() or 1.0)}
    codes, levels = pd.factorize(values.astype(object), sort=True)
    return {f"{name} {level}": (codes == j).astype(float) for j, level in enumerate(levels) if j}
