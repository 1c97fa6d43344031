import pytest

from pilot_analysis.batch.claims import read_claims, require_traced
from pilot_analysis.errors import RunError

PAGE = """<p>It was <data class="claim" value="0.42" data-result="usage.met_dose[school=S03]"
data-field="estimate">42&nbsp;<b>percent</b></data> of
<data class="claim" value="57" data-result="usage.met_dose[school=S03]"
data-field="n">57</data>.</p>
<table><td><data class="cell" value="-3.5" data-result="learning.effect[outcome=read]"
data-field="conf_low">&minus;3.5</data></td></table><data value="7">7</data>"""
ROWS = [
    {"result_id": "usage.met_dose[school=S03]", "suppressed": "", "estimate": 0.42, "n": 57},
    {"result_id": "learning.effect[outcome=read]", "suppressed": "", "conf_low": -3.5},
]


def test_claims_are_read_in_the_order_of_the_page():
    claims = read_claims(PAGE)
    assert [claim["value"] for claim in claims] == ["0.42", "57", "-3.5"]
    assert claims[0]["shown"] == "42\N{NO-BREAK SPACE}percent"
    assert [claim["in_prose"] for claim in claims] == [True, True, False]
    assert claims[2]["field"] == "conf_low"


def refused(claims, rows) -> int:
    """Return how many claims are refused."""
    try:
        require_traced(claims, rows)
    except RunError as error:
        return len(str(error).splitlines()) - 1
    return 0


def test_claims_that_results_bear_out_pass_and_each_of_them_is_looked_at():
    assert refused(read_claims(PAGE), ROWS) == 0
    for place in range(3):
        claims = read_claims(PAGE)
        claims[place]["value"] += "1"
        assert refused(claims, ROWS) == 1


@pytest.mark.parametrize(
    ("written", "faults"), [("0.3333333333", 0), ("0.333333333", 1), ("0.3333333334", 1)]
)
def test_a_long_number_is_compared_as_it_is_written(written, faults):
    third = f'<data class="claim" value="{written}" data-result="a" data-field="estimate">x</data>'
    rows = [{"result_id": "a", "suppressed": "", "estimate": 1 / 3}]
    assert refused(read_claims(third), rows) == faults


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"result_id": "other"}, "no such result"),
        ({"suppressed": "small groups", "estimate": None}, "suppressed by the rule 'small groups'"),
        ({"estimate": 0.43}, "says 0.42, but estimate is 0.43"),
        ({"estimate": None}, "says 0.42, but estimate is None"),
    ],
)
def test_a_claim_that_no_result_bears_out_is_refused(row, told):
    with pytest.raises(RunError, match=told):
        require_traced(read_claims(PAGE), [{**ROWS[0], **row}, ROWS[1]])


def test_every_untraced_claim_is_listed():
    with pytest.raises(RunError) as raised:
        require_traced(read_claims(PAGE), [])
    assert str(raised.value).count("no such result") == 3


def test_a_claim_without_a_result_is_refused():
    with pytest.raises(RunError, match="no such result"):
        require_traced(read_claims('<data class="claim" value="3">three</data>'), ROWS)
