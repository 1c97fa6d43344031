"""Partial pooling: what ten schools say about all, about each one of them, and about the next."""

from pilot_analysis.stats.pooling.basie import BasiePosterior, basie_posterior
from pilot_analysis.stats.pooling.blocks import BlockEffects, effects_by_block
from pilot_analysis.stats.pooling.empirical_bayes import (
    EmpiricalBayesEffects,
    empirical_bayes_effects,
)
from pilot_analysis.stats.pooling.meta import MetaAnalysis, random_effects_meta
from pilot_analysis.stats.pooling.meta_regression import MetaRegression, meta_regression
from pilot_analysis.stats.pooling.shares import (
    BetaBinomial,
    PooledShares,
    beta_binomial,
    dirichlet_multinomial,
)
from pilot_analysis.stats.pooling.shrinkage import ShrunkenEffects, shrink_effects

__all__ = [
    "BasiePosterior",
    "BetaBinomial",
    "BlockEffects",
    "EmpiricalBayesEffects",
    "MetaAnalysis",
    "MetaRegression",
    "PooledShares",
    "ShrunkenEffects",
    "basie_posterior",
    "beta_binomial",
    "dirichlet_multinomial",
    "effects_by_block",
    "empirical_bayes_effects",
    "meta_regression",
    "random_effects_meta",
    "shrink_effects",
]
