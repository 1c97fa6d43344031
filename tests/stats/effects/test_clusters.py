"""The small-sample factor of a clustered effect, at the published examples."""

import pytest

from pilot_analysis.errors import DesignError
from pilot_analysis.stats.effects.clusters import cluster_effective_df, cluster_small_sample_factor


def test_hedges_2007_example():
    assert cluster_effective_df(100, 5, 0.1) == pytest.approx(94.40, abs=0.005)


def test_without_clustering_it_is_the_usual_factor():
    assert cluster_effective_df(50, 5, 0.0) == 48
    assert cluster_small_sample_factor(50, 5, 0.0) == pytest.approx(1 - 3 / (4 * 48 - 1))


@pytest.mark.parametrize(("n", "size", "icc"), [(2, 1, 0.1), (100, 5, 1.5), (6, 3, 1.0)])
def test_what_has_no_answer_is_refused(n, size, icc):
    with pytest.raises(DesignError):
        cluster_small_sample_factor(n, size, icc)
