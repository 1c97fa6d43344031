import json
from itertools import combinations, product
from math import comb, isnan
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.randomization import randomization_test

MADE = Path(__file__).parents[2] / "oracles" / "made" / "randomization.json"


@pytest.fixture(scope="module")
def made():
    return json.loads(MADE.read_text(encoding="utf-8"))


# numbers from R -------------------------------------------------------------------------------


def test_single_people_in_blocks_agree_with_coin(made):
    for case in made["single"]:
        found = randomization_test(case["y"], case["arm"], block=case["block"])
        assert found.exact
        assert found.p_value == pytest.approx(case["p"]["two_sided"], abs=1e-9)
    assert found.n_possible == comb(10, 5)


def test_clusters_in_blocks_agree_with_least_squares_over_all_assignments(made):
    data = made["clusters"]
    for case in data["cases"]:
        more = {"covariates": data["x"]} if case["adjust"] else {}
        details = {"cluster": data["cluster"], "block": data["block"], **more}
        y, arm = np.array(data["y"]), np.array(data["arm"])
        found = randomization_test(y, arm, conf_level=0.8, **details)
        assert found.n_possible == found.n_assignments == 24
        assert found.estimate.estimate == pytest.approx(case["estimate"], abs=1e-10)
        for tau, p in zip(case["taus"], case["p"], strict=True):
            moved = randomization_test(y - tau * arm, arm, **details)
            assert moved.p_value == pytest.approx(p, abs=1e-9)
            inside = found.estimate.conf_low <= tau <= found.estimate.conf_high
            assert inside == (p >= 1 - 0.8)


# published ------------------------------------------------------------------------------------


def test_fisher_1935_the_lady_who_tasted_tea():
    # eight cups, four with the milk first, all told right: one assignment in 70 on either side
    milk_first = np.array([1, 0, 0, 1, 1, 0, 1, 0])
    found = randomization_test(milk_first, milk_first)
    assert found.n_possible == 70
    assert found.p_value == found.smallest_p == pytest.approx(2 / 70)
    assert found.estimate.estimate == 1


def test_student_1908_sleep_as_two_groups(made):
    case = made["student"]
    found = randomization_test(case["y"], case["arm"], most_assignments=200_000)
    assert found.n_possible == comb(20, 10)
    assert found.exact
    assert found.p_value == pytest.approx(case["p"]["two_sided"], abs=1e-12)
    assert found.p_value == pytest.approx(0.08145, abs=5e-6)
    assert found.estimate.estimate == pytest.approx(1.58)


def test_student_1908_sleep_as_pairs():
    first = np.array([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0])
    second = np.array([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4])
    found = randomization_test(
        [*second, *first], [1] * 10 + [0] * 10, block=np.tile(np.arange(10), 2)
    )
    sums = np.array([np.dot(s, second - first) for s in product((-1, 1), repeat=10)])
    own = (second - first).sum()
    assert found.n_possible == 2**10
    assert found.p_value == pytest.approx(2 * (sums >= own - 1e-9).mean())
    assert found.p_value == pytest.approx(4 / 1024)  # one difference is zero, so two tie


# what must be true ----------------------------------------------------------------------------

clusters = st.lists(
    st.tuples(
        st.integers(0, 1), st.booleans(), st.lists(st.integers(0, 9), min_size=1, max_size=3)
    ),
    min_size=4,
    max_size=9,
)


def as_people(drawn):
    """Rows of people, with both arms made sure of in each block."""
    blocks = {b for b, _, _ in drawn}
    drawn = drawn + [(b, arm, [5, 3]) for b in blocks for arm in (True, False)]
    rows = [(y, arm, c, b) for c, (b, arm, ys) in enumerate(drawn) for y in ys]
    return pd.DataFrame(rows, columns=["y", "arm", "cluster", "block"])


def difference(d, arm):
    """Mean difference within blocks, weighted by n_t n_c / n."""
    y, arm, block = d["y"].to_numpy(), np.asarray(arm, dtype=bool), d["block"].to_numpy()
    total = weights = 0.0
    for b in np.unique(block):
        treated, rest = y[arm & (block == b)], y[~arm & (block == b)]
        weight = len(treated) * len(rest) / (len(treated) + len(rest))
        total += weight * (treated.mean() - rest.mean())
        weights += weight
    return total / weights


def every_assignment(d):
    arms = d.groupby("cluster")[["arm", "block"]].first()
    chosen = [
        [set(c) for c in combinations(part.index, int(part["arm"].sum()))]
        for _, part in arms.groupby("block")
    ]
    for sets in product(*chosen):
        yield d["cluster"].isin(set.union(*sets))


@settings(max_examples=20)
@given(drawn=clusters)
def test_p_and_smallest_p_are_those_of_all_assignments(drawn):
    d = as_people(drawn)
    assume(d.groupby("block")["cluster"].nunique().max() <= 7)
    own = difference(d, d["arm"])
    every = np.array([difference(d, arm) for arm in every_assignment(d)])
    tails = [(every >= own - 1e-9).mean(), (every <= own + 1e-9).mean()]
    ends = [(every >= every.max() - 1e-9).mean(), (every <= every.min() + 1e-9).mean()]
    found = randomization_test(d["y"], d["arm"], cluster=d["cluster"], block=d["block"])
    assert found.estimate.estimate == pytest.approx(own)
    assert found.n_assignments == found.n_possible == len(every)
    assert found.p_value == pytest.approx(min(1, 2 * min(tails)))
    assert found.smallest_p == pytest.approx(min(1, 2 * min(ends)))
    assert 0 < found.smallest_p <= found.p_value + 1e-12 <= 1 + 1e-9


@settings(max_examples=40)
@given(drawn=clusters, level=st.sampled_from([0.5, 0.8, 0.9]), adjust=st.booleans())
def test_p_goes_with_the_interval(drawn, level, adjust):
    d = as_people(drawn)
    x = np.sin(np.arange(len(d))) if adjust else None
    details = {"cluster": d["cluster"], "block": d["block"], "covariates": x}
    assume(d["y"].nunique() > 2)
    found = randomization_test(d["y"], d["arm"], conf_level=level, **details)
    if found.estimate.is_defined and not isnan(found.estimate.p_value):
        assert found.estimate.p_value == found.p_value
        excluded = found.estimate.conf_low > 0 or found.estimate.conf_high < 0
        assert excluded == (found.p_value < 1 - level)
        # just outside either limit an effect is rejected
        for effect in (found.estimate.conf_low - 1e-3, found.estimate.conf_high + 1e-3):
            moved = randomization_test(d["y"] - effect * d["arm"], d["arm"], **details)
            assert moved.p_value < 1 - level


@settings(max_examples=25)
@given(drawn=clusters, order=st.randoms())
def test_labels_order_and_sides_do_not_matter(drawn, order):
    d = as_people(drawn)
    rows = order.sample(range(len(d)), len(d))
    e = d.iloc[rows]
    one = randomization_test(
        d["y"], d["arm"], cluster=d["cluster"], block=d["block"], conf_level=0.8
    )
    other = randomization_test(
        e["y"] * 10 + 3,
        e["arm"],
        cluster=[f"class {20 - c}" for c in e["cluster"]],
        block=[f"school {b}" for b in e["block"]],
        conf_level=0.8,
    )
    swapped = randomization_test(
        d["y"], ~d["arm"], cluster=d["cluster"], block=d["block"], conf_level=0.8
    )
    assert other.p_value == pytest.approx(one.p_value)
    assert other.smallest_p == pytest.approx(one.smallest_p)
    assert other.estimate.estimate == pytest.approx(10 * one.estimate.estimate, abs=1e-9)
    assert other.estimate.conf_low == pytest.approx(
        10 * one.estimate.conf_low, abs=1e-8, nan_ok=True
    )
    assert swapped.p_value == pytest.approx(one.p_value)
    assert swapped.estimate.conf_low == pytest.approx(
        -one.estimate.conf_high, abs=1e-9, nan_ok=True
    )


def test_a_known_effect_moves_estimate_and_interval_with_it():
    rng = np.random.default_rng(4)
    y, arm = rng.normal(size=12), np.tile([0, 1], 6)
    one, moved = randomization_test(y, arm), randomization_test(y + 2 * arm, arm)
    assert moved.estimate.estimate == pytest.approx(one.estimate.estimate + 2)
    assert moved.estimate.conf_low == pytest.approx(one.estimate.conf_low + 2)
    assert moved.estimate.conf_high == pytest.approx(one.estimate.conf_high + 2)


def test_the_arm_of_a_cluster_counts_not_its_people():
    rng = np.random.default_rng(4)
    y, arm = rng.normal(size=8), np.tile([0, 1], 4)
    once = randomization_test(y, arm)
    often = randomization_test(np.repeat(y, 5), np.repeat(arm, 5), cluster=np.repeat(range(8), 5))
    assert often.p_value == once.p_value
    assert often.n_possible == once.n_possible == comb(8, 4)
    assert often.estimate.conf_low == pytest.approx(once.estimate.conf_low)
    assert (often.estimate.n, often.estimate.n_clusters) == (40, 8)


def test_a_sample_of_assignments_is_seeded_and_near_the_exact_answer():
    rng = np.random.default_rng(8)
    y, arm = rng.normal(size=14) + np.tile([0, 0.8], 7), np.tile([0, 1], 7)
    exact = randomization_test(y, arm)
    one, again = (randomization_test(y, arm, most_assignments=100) for _ in range(2))
    assert exact.exact
    assert not one.exact
    assert one == again
    assert one.n_assignments == 10_001
    assert one.n_possible == exact.n_possible == comb(14, 7)
    assert one.p_value == pytest.approx(exact.p_value, abs=0.02)
    assert one.estimate.conf_low == pytest.approx(exact.estimate.conf_low, abs=0.1)
    assert one.smallest_p >= 2 / 10_001
    assert randomization_test(y, arm, most_assignments=100, seed=1).p_value != one.p_value


def test_the_interval_covers_and_the_test_keeps_its_level_with_few_clusters():
    rng = np.random.default_rng(20261121)
    cluster = np.repeat(range(12), 4)
    block = np.repeat(range(3), 16)
    held, rejected = [], []
    for _ in range(200):
        arm = np.concatenate([rng.permutation([0, 0, 1, 1]) for _ in range(3)])[cluster]
        y = rng.normal(size=12)[cluster] + rng.normal(size=48) + rng.normal(size=3)[block] * 3
        found = randomization_test(y + 0.5 * arm, arm, cluster=cluster, block=block)
        held.append(found.estimate.conf_low <= 0.5 <= found.estimate.conf_high)
        null = randomization_test(y, arm, cluster=cluster, block=block)
        rejected.append(null.p_value <= 0.1)
    assert 0.92 <= np.mean(held) <= 0.99
    assert 0.05 <= np.mean(rejected) <= 0.15


def test_covariates_narrow_the_interval_where_they_foretell_the_outcome():
    rng = np.random.default_rng(3)
    pre, arm = rng.normal(size=16), np.tile([0, 1], 8)
    y = 3 * pre + 0.5 * arm + rng.normal(0, 0.3, 16)
    plain, adjusted = randomization_test(y, arm), randomization_test(y, arm, covariates=pre)
    frame = randomization_test(y, arm, covariates=pd.DataFrame({"pre": pre, "again": 2 * pre}))
    width = [t.estimate.conf_high - t.estimate.conf_low for t in (plain, adjusted)]
    assert width[1] < width[0] / 3
    assert frame.p_value == adjusted.p_value
    assert frame.estimate.conf_low == pytest.approx(adjusted.estimate.conf_low)


def test_too_few_assignments_leave_a_p_and_no_interval():
    found = randomization_test([1, 2, 5, 9], [0, 0, 1, 1])
    assert found.p_value == found.smallest_p == pytest.approx(2 / 6)
    assert found.estimate.estimate == 5.5
    assert not found.estimate.is_defined
    assert "p = 0.33" in found.estimate.flags[0]
    one = randomization_test([1, 2], [0, 1])
    assert one.p_value == 1


BASE = {"outcome": [1, 2, 3, 4, 5, 7], "arm": [0, 1, 0, 1, 0, 1]}


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"outcome": [1, 2, np.nan, 4, 5, 7]}, "The outcome: 1 of 6 values are missing"),
        ({"outcome": [1, 2, np.inf, 4, 5, 7]}, "The outcome: 1 of 6 values are missing or inf"),
        ({"outcome": [2, 2, 2, 2, 2, 2]}, "does not vary"),
        ({"outcome": [], "arm": []}, "nobody to compare"),
        ({"arm": [1, 1, 1, 1, 1, 1]}, "The comparison has clusters of one arm only"),
        ({"arm": [0, 1, 0, 1, 0, 2]}, "The arm must be True or False"),
        ({"arm": ["a", "b", "a", "b", "a", "b"]}, 'for instance arm == "treatment"'),
        ({"arm": [0, 1]}, "for each of the 6 units"),
        ({"cluster": [1, 1, 2, 2, 3, 3]}, "Cluster 1 has people in more than one arm"),
        ({"cluster": [1, 2, 3, 4, 5, None]}, "The cluster: each of the 6 units needs one"),
        ({"cluster": [1, 2, 1, 4, 5, 6], "block": list("aabbbb")}, "more than one block"),
        ({"block": list("aabbcb")}, "Block c has clusters of one arm only"),
        ({"block": ["a", None, "b", "b", "a", "b"]}, "The block: each of the 6 units"),
        ({"covariates": [1, 2, 3]}, "one row for each outcome"),
        ({"covariates": [1, 2, 3, 4, 5, np.nan]}, "A covariate: 1 of 6"),
        ({"covariates": [0, 2, 0, 2, 0, 2]}, "give the arm away"),
        ({"covariates": [1, 2, 3, 4, 5, 7]}, "does not vary"),
        ({"conf_level": 95}, "conf_level"),
        ({"draws": 0}, "draws must be a whole number above 0"),
        ({"most_assignments": 2.5}, "most_assignments must be"),
        ({"seed": -1}, "seed must be"),
        ({"outcome": list("123457")}, "must be numbers; got '1'"),
        ({"covariates": [["a"]] * 6}, "must be numbers"),
        ({"cluster": [[1], [2], [3], [4], [5], [6]]}, "one name or number"),
    ],
)
def test_what_was_not_randomized_is_refused_in_words(changes, text):
    with pytest.raises(DesignError, match=text):
        randomization_test(**(BASE | changes))
