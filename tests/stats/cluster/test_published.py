"""Numbers as they stand in print, to the digits that are printed."""

import pandas as pd
import pytest

from pilot_analysis.stats.cluster import ols_cluster_robust


@pytest.fixture
def star(oracle_data):
    data = oracle_data("star_k")
    return data.assign(
        total=data["readk"] + data["mathk"],
        row=range(len(data)),
        arm=pd.Categorical(data["stark"], categories=["regular", "small", "regular+aide"]),
    )


def printed(estimate):
    return round(estimate.estimate, 2), round(estimate.std_error, 2)


def test_stock_and_watson_table_13_1_differences_in_kindergarten(star):
    # Stock and Watson, Introduction to Econometrics, table 13.1, column K: reading and
    # mathematics together; standard errors robust to heteroskedasticity (HC1: clusters of one)
    fit = ols_cluster_robust("total ~ arm", star, cluster="row", vcov="CR1S")
    assert fit.n == 5786
    assert printed(fit["arm[T.small]"]) == (13.90, 2.45)
    assert printed(fit["arm[T.regular+aide]"]) == (0.31, 2.27)
    assert printed(fit["Intercept"]) == (918.04, 1.63)


def test_stock_and_watson_table_13_2_with_school_effects(star):
    # column 3: the teacher's experience, and an indicator for each school
    fit = ols_cluster_robust(
        "total ~ arm + experiencek", star, cluster="row", vcov="CR1S", absorb="schoolidk"
    )
    assert fit.n == 5766
    assert printed(fit["arm[T.small]"]) == (15.93, 2.24)
    assert printed(fit["arm[T.regular+aide]"]) == (1.22, 2.04)
    assert printed(fit["experiencek"]) == (0.74, 0.17)


def test_the_same_table_with_schools_as_clusters_is_less_sure(star):
    # children of a school are alike, which the printed standard errors leave out
    fit = ols_cluster_robust("total ~ arm", star, cluster="schoolidk")
    assert round(fit["arm[T.small]"].estimate, 2) == 13.90
    assert fit["arm[T.small]"].std_error > 1.5 * 2.45
