"""The only type that a report accepts: sealed, cut to one brief, written and read back."""

import json
import pickle

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pilot_analysis.disclosure import DisclosurePolicy, ProtectedResults, protect, shown_share
from pilot_analysis.errors import DisclosureError
from pilot_analysis.results import COLUMNS, Results


@pytest.fixture(scope="module")
def protected(catalogue):
    return protect(catalogue, DisclosurePolicy.named("team"))


def test_it_cannot_be_made_by_hand(catalogue):
    for arguments in ((), (catalogue.frame,), (object(), catalogue.frame, None, None)):
        with pytest.raises(DisclosureError, match="cannot be made by hand"):
            ProtectedResults(*arguments)


def test_it_cannot_be_changed(protected):
    copy = protected.frame
    copy["suppressed"] = ""
    copy["estimate"].to_numpy(copy=False)
    assert (protected.frame["suppressed"] != "").any()
    with pytest.raises(AttributeError):
        protected.frame = None
    with pytest.raises(AttributeError):
        protected.extra = 1


def test_protecting_again_changes_nothing_and_another_policy_is_refused(protected, catalogue):
    again = protect(protected, DisclosurePolicy.named("team"))
    pd.testing.assert_frame_equal(again.frame, protected.frame)
    with pytest.raises(DisclosureError, match="protected for 'team'; to protect them for 'public'"):
        protect(protected, DisclosurePolicy.named("public"))
    fresh = protect(catalogue, DisclosurePolicy.named("team"))
    assert fresh.to_json() == protected.to_json()


def test_a_brief_sees_its_school_and_the_network(protected):
    part = protected.for_brief("S01")
    assert set(part.frame["school_id"]) == {"", "S01"}
    assert set(protected.for_brief().frame["school_id"]) == {""}
    other = protected.for_brief("S01", "mathwell").frame
    assert set(other["product_id"]) == {""}
    assert "readwell" in set(protected.for_brief("S01", "readwell").frame["product_id"])


def test_a_brief_does_not_tell_which_of_the_rules_about_small_groups_hid_a_number(protected):
    """Of two groups of 18 together, known to be smaller than 10 each, each has 9."""
    rules = {"minimum n", "small category", "source hidden", "protects another"}
    assert len(rules & set(protected.frame["suppressed"])) > 1
    for school in ("S01", "S02", "S03", "S04", ""):
        part = protected.for_brief(school)
        for told in (set(part.frame["suppressed"]), {row["suppressed"] for row in part.to_json()}):
            assert told.isdisjoint({*rules, "small step", "dominance"})
    assert "small groups" in set(protected.for_brief("S04").frame["suppressed"])
    assert {row["suppressed"] for row in protected.to_json()}.isdisjoint(rules)


def test_other_schools_are_values_without_school_size_or_interval(protected):
    others = protected.for_brief("S01").others
    assert not {"school_id", "n", "conf_low", "conf_high", "result_id"} & set(others.columns)
    assert set(others["section"] + "." + others["name"]) == {"recommendation.nps"}
    scores = others[others["section"].eq("recommendation") & others["name"].eq("nps")]
    frame = protected.frame
    rows = frame[frame["name"].eq("nps") & ~frame["school_id"].isin(["", "S01"])]
    assert scores["estimate"].tolist() == sorted(rows["estimate"].dropna())
    assert rows["estimate"].isna().any(), "the fixture holds a school that is too small"
    assert others["estimate"].notna().all()


def test_what_is_drawn_of_other_schools_stands_in_the_results_too(protected):
    part = protected.for_brief("S01")
    rows = [row for row in part.to_json() if row["school_id"].startswith("another school")]
    assert sorted(row["estimate"] for row in rows) == sorted(part.others["estimate"])
    assert all(row["n"] is None and row["conf_low"] is None for row in rows)
    ids = [row["result_id"] for row in part.to_json()]
    assert len(ids) == len(set(ids))


def test_the_whole_has_no_others_and_the_network_sees_every_school(protected):
    assert protected.others.empty
    network = protected.for_brief().others
    assert len(network) > len(protected.for_brief("S01").others)


def test_it_is_written_and_read_back_unchanged(protected, tmp_path):
    path = protected.write(tmp_path / "prepared")
    assert path.name == "results.parquet"
    assert [p.name for p in path.parent.iterdir()] == ["results.parquet"]
    back = ProtectedResults.read(path.parent)
    pd.testing.assert_frame_equal(back.frame, protected.frame)
    assert back.policy == protected.policy
    for school in ("S01", "", "S04"):
        whole, part = protected.for_brief(school), ProtectedResults.read(path.parent, school)
        pd.testing.assert_frame_equal(part.frame, whole.frame)
        pd.testing.assert_frame_equal(part.others, whole.others)
        pd.testing.assert_frame_equal(part.for_brief(school).others, whole.others)


def test_the_same_results_give_the_same_bytes(protected, tmp_path):
    first = protected.write(tmp_path / "a").read_bytes()
    assert protected.write(tmp_path / "b").read_bytes() == first


def test_a_part_is_not_written_as_if_it_were_the_whole(protected, tmp_path):
    with pytest.raises(DisclosureError, match="results of the whole run"):
        protected.for_brief("S01").write(tmp_path)


def test_a_file_that_the_gate_did_not_write_is_refused(tmp_path, catalogue):
    with pytest.raises(DisclosureError, match="prepare the run again"):
        ProtectedResults.read(tmp_path)
    (tmp_path / "results.parquet").write_bytes(b"not parquet")
    with pytest.raises(DisclosureError, match="prepare the run again"):
        ProtectedResults.read(tmp_path)
    frame = catalogue.frame.drop(columns=["flags", "relation", "exploratory"])
    pq.write_table(pa.Table.from_pandas(frame), tmp_path / "results.parquet")
    with pytest.raises(DisclosureError, match="prepare the run again"):
        ProtectedResults.read(tmp_path)


def test_it_can_be_sent_to_another_process(protected):
    back = pickle.loads(pickle.dumps(protected))
    pd.testing.assert_frame_equal(back.frame, protected.frame)


def test_json_has_no_nan_and_does_not_depend_on_order(protected, catalogue):
    rows = protected.for_brief("S04").to_json()
    text = json.dumps(rows, allow_nan=False)
    assert "NaN" not in text
    assert [row["result_id"] for row in rows] == sorted(row["result_id"] for row in rows)
    assert set(rows[0]) == {*COLUMNS, "suppressed"}
    by_id = {row["result_id"]: row for row in rows}
    hidden = by_id["recommendation.nps[school=S04,product=readwell]"]
    assert (hidden["estimate"], hidden["n"], hidden["suppressed"]) == (None, None, "small groups")
    count = by_id["usage.funnel[product=readwell,category=licensed]"]
    assert (count["n"], count["flags"]) == (480, ["2 had left", "never logged in"])
    backwards = Results(catalogue.frame.iloc[::-1].reset_index(drop=True))
    again = protect(backwards, DisclosurePolicy.named("team")).for_brief("S04")
    assert json.dumps(again.to_json()) == text


def test_the_share_of_numbers_that_survive_is_told_by_section(protected, catalogue):
    share = shown_share(protected)
    assert share.index[-1] == "all"
    assert (share[["shown", "as_range", "hidden"]].sum(axis=1) == share["numbers"]).all()
    assert share.loc["all", "numbers"] == share["numbers"].iloc[:-2].sum()
    assert 0 < share.loc["headlines", "numbers"] < share.loc["all", "numbers"]
    internal = shown_share(protect(catalogue, DisclosurePolicy.named("internal")))
    assert (internal["share"] == 1).all()
    nps = catalogue.frame["section"].eq("recommendation") & catalogue.frame["name"].eq("nps")
    assert internal.loc["headlines", "numbers"] > nps.sum() > 0
    public = shown_share(protect(catalogue, DisclosurePolicy.named("public")))
    assert public.loc["recommendation", "as_range"] > 0
    assert public.loc["all", "share"] < share.loc["all", "share"] < 1
    empty = shown_share(protect(Results.from_rows([]), DisclosurePolicy.named("team")))
    assert empty.loc["all", "numbers"] == 0


@pytest.mark.parametrize("audience", ["team", "public"])
def test_nine_in_ten_of_the_headline_numbers_survive(prepared_demo, audience):
    share = shown_share(ProtectedResults.read(prepared_demo(audience)))
    assert share.loc["headlines", "numbers"] > 100
    assert share.loc["headlines", "share_with_ranges"] >= 0.9
