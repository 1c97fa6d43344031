"""Words that stand for numbers must be true of them."""

import pytest
from report_sample import make_brief

from pilot_analysis.report.formats import in_words
from pilot_analysis.report.wording import FLAGS, share_words


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.0, "hardly any"), (0.003, "hardly any"), (0.04, "few"), (0.09, "about one in ten"),
        (0.15, "about one in seven"), (0.18, "about one in five"), (0.26, "about a quarter"),
        (0.32, "about a third"), (0.51, "about half"), (0.68, "about two thirds"),
        (0.88, "about nine in ten"), (0.95, "nearly all"), (1.0, "practically all"),
    ],
)  # fmt: skip
def test_a_share_is_called_by_the_nearest_of_the_usual_shares(share, words):
    assert share_words(share) == words


def test_a_share_that_rounds_to_none_or_all_is_called_neither():
    # 299 of 300 rounds to 100 percent
    assert in_words(1.0, "proportion", "proportion") == ""
    assert in_words(0.0, "proportion", "proportion") == ""
    assert not {share_words(0.0), share_words(1.0)} & {"none", "all"}


def test_small_counts_are_words_and_large_ones_are_not():
    assert in_words(0, "", "count") == "none"
    assert in_words(7, "", "count") == "seven"
    assert in_words(11, "", "count") == ""
    assert in_words(2.5, "days", "mean") == ""


@pytest.mark.parametrize("flag", sorted(FLAGS))
def test_a_flag_of_an_estimate_reaches_the_reader(flag):
    assert FLAGS[flag] in make_brief(effect_flags=(flag,)).learning().html
    assert FLAGS[flag] not in make_brief().learning().html
