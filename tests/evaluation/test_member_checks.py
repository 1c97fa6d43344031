import pytest

from pilot_analysis.disclosure import DisclosurePolicy, protect
from pilot_analysis.evaluation.member_checks import member_checks
from pilot_analysis.report.prepared import Prepared

SCHOOLS = [{"school_id": school, "name": school} for school in ("A", "B")]


def answer(finding, person, response, school="A"):
    return {
        "school_id": school,
        "finding_id": finding,
        "respondent_id": person,
        "response": response,
        "text": "Ms. Smith saw it.",
    }


@pytest.fixture
def checked(make_pilot):
    rows = [
        answer("use", "R1", "agree"),
        answer("use", "R2", "agree"),
        answer("use", "R3", "dispute"),
        answer("learning", "R1", "add"),
    ]
    return member_checks(make_pilot({"schools": SCHOOLS, "member_checks": rows}))


def counts(results, **keys):
    rows = results.select(name="responses", **keys)
    found = zip(rows["category"], rows["group"], rows["estimate"], strict=True)
    return {(finding, response): int(n) for finding, response, n in found}


def test_distinct_people_are_counted_by_finding_and_response(checked):
    assert counts(checked, school_id="A") == {
        ("learning", "dispute"): 0, ("learning", "add"): 1, ("learning", "agree"): 0,
        ("use", "dispute"): 1, ("use", "add"): 0, ("use", "agree"): 2,
    }  # fmt: skip
    rows = checked.select(section="member_checks", kind="count", school_id="A")
    assert set(rows["n"]) == {3}
    assert set(rows["population"]) == {"respondents"}


def test_what_people_wrote_is_nowhere(checked):
    assert not checked.frame["value_text"].str.contains("Smith").any()


def test_a_school_without_a_check_says_so(checked, make_pilot):
    (absent,) = checked.select(kind="absence").to_dict("records")
    assert absent["school_id"] == "B"
    assert absent["value_text"] == (
        "What the team said about the draft was not collected at this school."
    )
    (everywhere,) = member_checks(make_pilot({"schools": SCHOOLS})).frame.to_dict("records")
    assert everywhere["school_id"] == ""


def test_the_same_pseudonym_at_two_schools_is_two_people(make_pilot):
    rows = [answer("use", "R1", "agree", school) for school in ("A", "B")]
    results = member_checks(make_pilot({"schools": SCHOOLS, "member_checks": rows}))
    assert counts(results, school_id="")["use", "agree"] == 2


def test_a_check_of_three_people_is_shown_to_nobody_but_the_research_team(checked):
    for audience, shown in (("internal", True), ("team", False), ("public", False)):
        frame = protect(checked, DisclosurePolicy.named(audience)).frame
        frame = frame[(frame["name"] == "responses") & (frame["school_id"] == "A")]
        assert frame["suppressed"].eq("").all() == shown
        assert frame["estimate"].notna().any() == shown


@pytest.mark.parametrize("audience", ["team", "public", "internal"])
def test_the_gate_knows_what_to_do_with_the_pilots_that_ship(
    prepared_demo, evaluated_star, audience
):
    demo = Prepared.read(prepared_demo(audience)).protected.frame
    assert (demo["section"] == "member_checks").any()
    star = protect(evaluated_star, DisclosurePolicy.named(audience)).frame
    assert star.loc[star["section"] == "member_checks", "kind"].tolist() == ["absence"]
