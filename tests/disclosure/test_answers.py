"""Which answers can stand behind a rounded score or average, against counting one by one."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilot_analysis.disclosure.answers import rating_tables, score_tables
from pilot_analysis.stats.cluster.mean import cluster_mean
from pilot_analysis.stats.nps import NpsCounts, net_promoter_score


def rounded(counts):
    made = net_promoter_score(NpsCounts(*counts))
    return [float(np.round(value)) for value in (made.estimate, made.conf_low, made.conf_high)]


@pytest.mark.parametrize("n", [5, 8, 10, 15])
def test_a_score_with_its_interval_gives_every_table_of_a_small_team_away(n):
    for detractors in range(n + 1):
        for promoters in range(n + 1 - detractors):
            counts = (detractors, n - detractors - promoters, promoters)
            score, low, high = rounded(counts)
            assert score_tables(score, n, low=low, high=high).tolist() == [list(counts)]


def test_a_score_alone_leaves_every_number_of_passives_open():
    assert score_tables(0, 8).tolist() == [[k, 8 - 2 * k, k] for k in range(5)]


def test_a_score_that_nobody_can_have_has_no_table():
    assert len(score_tables(1, 8)) == 0


def test_of_many_people_the_score_gives_no_count_away():
    score, low, high = rounded((200, 500, 300))
    tables = score_tables(score, 1000, low=low, high=high)
    assert [200, 500, 300] in tables.tolist()
    assert (np.ptp(tables, axis=0) > 50).all()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 4), min_size=2, max_size=5))
def test_every_table_of_ratings_is_found_and_no_other(ratings):
    made = cluster_mean(np.array(ratings, float), unit="scale points (1-4)")
    low, high = np.round([made.conf_low, made.conf_high], 1)  # NaN where all are alike
    mean = np.round(made.estimate, 1)
    wanted = set()
    for other in product(range(1, 5), repeat=len(ratings)):
        again = cluster_mean(np.array(other, float), unit="scale points (1-4)")
        found = np.round([again.estimate, again.conf_low, again.conf_high], 1)
        cut = np.clip(found, 1, 4)  # an interval may have been cut at the ends of its scale
        same = np.isnan(low) or (low in (found[1], cut[1]) and high in (found[2], cut[2]))
        if found[0] == mean and same:
            wanted.add(tuple(other.count(rating) for rating in range(1, 5)))
    tables = rating_tables(mean, len(ratings), (1, 4), low=low, high=high)
    assert {tuple(table) for table in tables.tolist()} == wanted
