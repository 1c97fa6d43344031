import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.nps import NpsBounds, NpsCounts, nps_bounds

counts = st.builds(NpsCounts, *[st.integers(0, 30)] * 3)


def test_the_silent_are_all_detractors_or_all_promoters():
    assert nps_bounds((1, 1, 3), 10) == NpsBounds(-30, 70, 5, 10)


@given(c=counts, silent=st.integers(1, 40), who=st.tuples(*[st.integers(0, 40)] * 3))
def test_whatever_the_silent_think_the_score_lies_within(c, silent, who):
    bounds = nps_bounds(c, c.n + silent)
    d, m = min(who[0], silent), who[1]
    m = min(m, silent - d)
    everyone = c + NpsCounts(d, m, silent - d - m)
    assert bounds.worst - 1e-9 <= everyone.score <= bounds.best + 1e-9
    assert bounds.best - bounds.worst == pytest.approx(200 * silent / (c.n + silent))


@given(c=counts.filter(lambda c: c.n > 0))
def test_when_everyone_answered_the_bounds_are_the_score(c):
    bounds = nps_bounds(c, c.n)
    assert bounds.worst == bounds.best == c.score


def test_when_nobody_answered_everything_is_possible():
    assert nps_bounds((0, 0, 0), 8) == NpsBounds(-100, 100, 0, 8)


@pytest.mark.parametrize("bad", [0, -3, 7.5, float("nan"), float("inf"), True])
def test_invited_must_be_people(bad):
    with pytest.raises(DesignError, match="invited must be a whole number of people above 0"):
        nps_bounds((0, 0, 0), bad)


def test_more_answers_than_invitations_are_refused():
    with pytest.raises(DesignError, match="5 people answered, which is more than the 4"):
        nps_bounds((1, 1, 3), 4)
