"""Exact coverage at ten respondents: every table there is, weighed by its probability."""

from itertools import product

import numpy as np
import pytest
from scipy.stats import multinomial

from pilot_analysis.stats.nps import NpsCounts, net_promoter_score

N = 10
TABLES = [NpsCounts(d, N - d - p, p) for d, p in product(range(N + 1), repeat=2) if d + p <= N]
SHARES = [
    (d, 1 - d - p, p)
    for d, p in [(0.1, 0.6), (0.05, 0.8), (0.3, 0.4), (0.2, 0.2), (0.02, 0.9), (0.5, 0.1), (0, 0.7)]
]


@pytest.fixture(scope="module")
def limits():
    methods = ("score", "adjusted_wald", "wald", "goodman", "agresti_min")
    found = {m: [net_promoter_score(c, method=m) for c in TABLES] for m in methods}
    # what has no interval covers nothing
    return {m: [(e.conf_low, e.conf_high) for e in made] for m, made in found.items()}


def coverage(limits, shares) -> float:
    truth = 100 * (shares[2] - shares[0])
    tables = [(c.detractors, c.passives, c.promoters) for c in TABLES]
    weights = multinomial.pmf(tables, N, shares)
    assert weights.sum() == pytest.approx(1)
    low, high = np.array(limits).T
    return float(weights[(low <= truth + 1e-9) & (truth - 1e-9 <= high)].sum())


@pytest.mark.parametrize("shares", SHARES)
def test_the_score_interval_keeps_its_level(limits, shares):
    assert 0.93 < coverage(limits["score"], shares) <= 1


@pytest.mark.parametrize("shares", SHARES)
def test_rocks_and_agresti_and_min_nearly_do(limits, shares):
    assert coverage(limits["adjusted_wald"], shares) > 0.91
    assert coverage(limits["agresti_min"], shares) > 0.91


def test_wald_does_not_where_nearly_all_promote(limits):
    assert coverage(limits["wald"], (0.02, 0.08, 0.9)) < 0.75
    assert coverage(limits["wald"], (0.05, 0.15, 0.8)) < 0.92


@pytest.mark.parametrize("shares", SHARES)
def test_goodman_covers_more_than_wald_and_little_more_where_all_are_alike(limits, shares):
    wald, goodman = (coverage(limits[m], shares) for m in ("wald", "goodman"))
    assert wald < goodman < 0.97
