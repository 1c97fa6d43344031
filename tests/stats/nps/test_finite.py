from itertools import product
from math import comb, isnan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.nps import NpsCounts, net_promoter_score, nps_bounds

METHODS = ("score", "adjusted_wald")
asked = st.builds(NpsCounts, *[st.integers(0, 12)] * 3).filter(lambda c: c.n > 0)


@pytest.mark.parametrize("population", [12, 60, 1000])
def test_wald_with_a_finite_population_agrees_with_r(oracle, population):
    compared = 0
    for case in oracle("nps.intervals")["expected"]:
        expected = case.get(f"wald_fpc_N{population}")
        c = NpsCounts(case["detractors"], case["passives"], case["promoters"])
        if expected is None:
            assert population < c.n
            continue
        found = net_promoter_score(c, method="wald", population=population)
        if c.n in (1, population):  # R gives NA, and an interval without width
            assert not found.is_defined
            continue
        compared += 1
        np.testing.assert_allclose(
            [found.conf_low, found.conf_high], 100 * np.array(expected), atol=1e-7
        )
    assert compared >= 9


def tables(n: int) -> list[NpsCounts]:
    return [NpsCounts(d, n - d - p, p) for d, p in product(range(n + 1), repeat=2) if d + p <= n]


def chance(sample: NpsCounts, people: NpsCounts) -> float:
    """Of drawing `sample` from `people` without replacement."""
    ways = (
        comb(people.detractors, sample.detractors)
        * comb(people.passives, sample.passives)
        * comb(people.promoters, sample.promoters)
    )
    return ways / comb(people.n, sample.n)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("n", "population"), [(8, 10), (6, 10), (8, 12), (10, 20)])
def test_the_interval_covers_the_score_of_every_population_it_could_come_from(
    method, n, population
):
    samples = tables(n)
    found = [net_promoter_score(s, method=method, population=population) for s in samples]
    covered = []
    for people in tables(population):
        holds = [e.conf_low - 1e-9 <= people.score <= e.conf_high + 1e-9 for e in found]
        covered.append(sum(chance(s, people) for s, h in zip(samples, holds, strict=True) if h))
    # Wald's covers .50-.67 of the worst of them, a score interval of a shrunken variance .64-.91
    assert min(covered) > 0.925
    assert max(covered) <= 1 + 1e-12


@pytest.mark.parametrize("method", METHODS)
@given(c=asked, silent=st.integers(1, 40), conf_level=st.sampled_from([0.5, 0.8, 0.95]))
@settings(max_examples=60)
def test_limits_are_possible_scores_within_what_the_silent_could_do(method, c, silent, conf_level):
    population = c.n + silent
    found = net_promoter_score(c, method=method, population=population, conf_level=conf_level)
    bounds = nps_bounds(c, population)
    assert bounds.worst - 1e-9 <= found.conf_low < found.conf_high <= bounds.best + 1e-9
    for limit in (found.conf_low, found.conf_high):
        people = limit * population / 100
        assert people == pytest.approx(round(people), abs=1e-6)
    excluded = found.conf_low > 0 or found.conf_high < 0
    assert excluded == (found.p_value < 1 - conf_level)


@pytest.mark.parametrize("method", METHODS)
@given(c=asked, silent=st.integers(1, 40))
@settings(max_examples=40)
def test_a_mirrored_score_is_the_negative(method, c, silent):
    one, other = (
        net_promoter_score(counts, method=method, population=c.n + silent)
        for counts in (c, NpsCounts(c.promoters, c.passives, c.detractors))
    )
    assert one.conf_low == pytest.approx(-other.conf_high, abs=1e-9)
    assert one.p_value == pytest.approx(other.p_value)


@pytest.mark.parametrize("method", METHODS)
def test_a_huge_population_makes_no_difference(method):
    plain = net_promoter_score((2, 4, 9), method=method)
    found = net_promoter_score((2, 4, 9), method=method, population=10**9)
    assert found.conf_low == pytest.approx(plain.conf_low, abs=1e-5)
    assert found.conf_high == pytest.approx(plain.conf_high, abs=1e-5)
    assert found.p_value == pytest.approx(plain.p_value, rel=1e-6)
    assert found.method == f"nps_{method}_population"


def test_where_the_silent_cannot_bring_it_to_0_chance_cannot_either():
    found = net_promoter_score((1, 0, 8), population=10)
    assert found.conf_low >= 60
    assert found.p_value == 0


@pytest.mark.parametrize("method", [*METHODS, "wald"])
def test_a_census_has_a_score_and_no_interval(method):
    found = net_promoter_score((2, 4, 9), method=method, population=15)
    assert not found.is_defined
    assert found.estimate == pytest.approx(46.6667, abs=1e-4)
    assert "chance has no part in it" in found.flags[0]


def test_one_answer_of_a_few_is_nearly_no_information():
    found = net_promoter_score((0, 0, 1), population=5)
    assert found.conf_high - found.conf_low > 100
    assert isnan(found.std_error)
    assert "One answer" in net_promoter_score((0, 0, 1), method="wald", population=5).flags[0]


@pytest.mark.parametrize("bad", [14, 0, 15.5, float("inf"), float("nan"), True])
def test_a_population_that_cannot_be_is_refused(bad):
    with pytest.raises(DesignError, match="population"):
        net_promoter_score((2, 4, 9), population=bad)


@pytest.mark.parametrize("method", ["t", "goodman", "bootstrap", "may_johnson", "agresti_min"])
def test_a_method_without_a_finite_form_refuses_a_population(method):
    with pytest.raises(DesignError, match="finite population goes with the methods score"):
        net_promoter_score((2, 4, 9), method=method, population=100)
