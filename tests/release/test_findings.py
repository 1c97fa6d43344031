from math import nan

from pilot_analysis.release.findings import Audit, Survived


def test_what_survived_is_told_in_plain_words():
    audit = Audit(("public-1",), (), Survived(0.78, 0.19), Survived(0.67, 0.09))
    assert audit.told_share == (
        "Of the headline numbers, 78% are shown and 19% are given as a range; "
        "of all numbers about people, 67% are shown and 9% are given as a range."
    )


def test_what_there_is_none_of_is_not_told():
    some, none = Survived(0.5, 0.0), Survived(nan, nan)
    assert Audit(("a",), (), none, some).told_share.startswith("Of all numbers about people, 50%")
    assert "no number about people" in Audit(("a",), (), none, none).told_share
    assert Audit(("a",), (), none, some).to_json()["headlines"] == {"shown": None, "as_range": None}
