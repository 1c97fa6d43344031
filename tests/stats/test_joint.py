"""p of a joint test follows from its F and degrees of freedom, and from nothing else."""

import pytest
from scipy import stats

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.joint import JointTest, positions


@pytest.mark.parametrize(("f", "q", "df"), [(0.0, 1, 5.5), (2.3, 3, 12.0), (40.0, 2, 1e6)])
def test_p_is_the_upper_tail_of_f(f, q, df):
    test = JointTest.from_f(["a"] * q, f, q, df, "htz")
    assert test.p_value == pytest.approx(stats.f.sf(f, q, df), rel=1e-12)


def test_without_limit_of_df_it_is_the_chi_squared():
    test = JointTest.from_f(["a", "b"], 3.0, 2, float("inf"), "mixed")
    assert test.p_value == pytest.approx(stats.chi2.sf(6.0, 2), rel=1e-12)


@pytest.mark.parametrize("terms", [[], ["a", "a"], ["c"]])
def test_terms_must_be_there_and_different(terms):
    with pytest.raises(DesignError):
        positions(terms, ["a", "b"])
