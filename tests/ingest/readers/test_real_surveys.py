"""Two real surveys: what is read of them, and that one is refused as a score from zero to ten."""

import pytest
from real_surveys import write_carpentries, write_learning_r

from pilot_analysis.errors import DataError
from pilot_analysis.pilot import load_pilot
from pilot_analysis.stats.nps import count_nps, net_promoter_score


def values_of(pilot, item):
    rows = pilot.table("survey_responses")
    return rows.loc[rows["item_id"].eq(item), "value"]


def test_the_carpentries_survey(shared_data, tmp_path):
    pilot = load_pilot(write_carpentries(tmp_path, shared_data))
    counts = count_nps(values_of(pilot, "recommend").dropna())
    assert (counts.promoters, counts.passives, counts.detractors) == (501, 317, 71)
    assert net_promoter_score(counts).estimate == pytest.approx(48.37, abs=0.005)
    lines = pilot.ledger.query("table == 'survey_responses' and unit == 'responses'")
    assert lines[["step", "rows"]].values.tolist() == [["read", 967], ["kept", 967]]
    assert len(pilot.schools) == 82  # 81 member sites, and "not stated"
    assert values_of(pilot, "worth").value_counts().to_dict() == {
        5: 474, 4: 343, 3: 58, 2: 17, 1: 12,
    }  # fmt: skip
    # "About half of it" is written with spaces that do not break.
    assert values_of(pilot, "new").value_counts().to_dict() == {
        4: 316, 3: 300, 2: 254, 5: 21, 1: 3,
    }  # fmt: skip
    days = pilot.table("survey_responses")["answered_on"]
    assert sorted(days.dt.year.unique()) == [2016, 2017, 2018]


def test_the_learning_r_survey_is_no_nps_until_its_scale_is_declared(shared_data, tmp_path):
    with pytest.raises(DataError) as caught:
        load_pilot(write_learning_r(tmp_path, shared_data, declared=False))
    assert str(caught.value).count("no answer is 0, so the form may have offered 1 to 10") == 2
    pilot = load_pilot(write_learning_r(tmp_path, shared_data, declared=True))
    assert pilot.config.items["recommend"].offered_from == 1
    both = pilot.table("survey_responses").pivot_table(
        index="respondent_id", columns="product_id", values="value"
    )
    assert both.notna().sum().to_dict() == {"R": 2004, "Python": 1115}
    scores = {name: net_promoter_score(count_nps(both[name].dropna())) for name in both}
    assert scores["R"].estimate == pytest.approx(75.0998, abs=1e-4)
    assert scores["Python"].estimate == pytest.approx(6.4574, abs=1e-4)
    assert len(both.dropna()) == 1110
