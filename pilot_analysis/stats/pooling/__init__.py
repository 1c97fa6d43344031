"""Partial pooling: what ten schools say about each one of them."""

from pilot_analysis.stats.pooling.shrinkage import (
    PooledShares,
    ShrunkenEffects,
    dirichlet_multinomial,
    shrink_effects,
)

__all__ = ["PooledShares", "ShrunkenEffects", "dirichlet_multinomial", "shrink_effects"]
