"""Whether the chains have mixed."""

import numpy as np
import pandas as pd

from pilot_analysis.stats.missing.chain import ChainResult
from pilot_analysis.stats.missing.targets import Target

__all__ = ["chain_trace", "mixing_flags", "scale_reduction"]

_MIXED = 1.2  # potential scale reduction above which chains count as not mixed
_FEWEST_TO_JUDGE = 4


def chain_trace(targets: list[Target], chains: ChainResult) -> pd.DataFrame:
    """Return mean and SD of the values drawn, per target, iteration and imputation."""
    columns: dict[str, list] = {
        name: [] for name in ("target", "iteration", "imputation", "mean", "sd")
    }
    for target in targets:
        means, sds = chains.means[target.name], chains.sds[target.name]
        rounds, m = np.indices(means.shape)
        columns["target"] += [target.name] * means.size
        columns["iteration"] += (rounds.ravel() + 1).tolist()
        columns["imputation"] += m.ravel().tolist()
        columns["mean"] += (target.center + target.scale * means.ravel()).tolist()
        columns["sd"] += (target.scale * sds.ravel()).tolist()
    return pd.DataFrame(columns)


def mixing_flags(targets: list[Target], chains: ChainResult) -> tuple[str, ...]:
    """Return a flag for every target whose chains still differ."""
    reductions = {t.name: scale_reduction(chains.means[t.name]) for t in targets}
    return tuple(
        f"not converged: the chains of {name} still differ (scale reduction {reduction:.2f}); use "
        "more iterations"
        for name, reduction in reductions.items()
        if reduction > _MIXED
    )


def scale_reduction(means: np.ndarray) -> float:
    """Return the potential scale reduction over the second half of the rounds.

    Parameters
    ----------
    means : numpy.ndarray, shape (iterations, m)

    Returns
    -------
    float
        About 1 where chains have mixed; 1 where there are fewer than four rounds to judge by.

    References
    ----------
    Gelman and Rubin (1992), Statistical Science 7: 457-472.
    """
    kept = means[len(means) // 2 :]
    n, within = len(kept), kept.var(axis=0).mean() * len(kept) / max(len(kept) - 1, 1)
    if len(means) < _FEWEST_TO_JUDGE or within == 0:
        return 1.0
    return float(np.sqrt((n - 1) / n + kept.mean(axis=0).var(ddof=1) / within))
