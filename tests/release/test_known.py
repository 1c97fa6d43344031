"""Two releases beside each other: five schools' counts with their total."""

from math import nan

import pytest

from pilot_analysis.disclosure import DisclosurePolicy, Linear
from pilot_analysis.release.known import Known, find_given_away, find_small_differences
from pilot_analysis.release.rows import frame_of
from pilot_analysis.results import result

COUNTS = {"": 171, "S1": 4, "S2": 7, "S3": 50, "S4": 60, "S5": 50}


def known(name, hidden=(), *, audience="public", source="a", counts=COUNTS):
    """Return a release of one count of every school, of which some are hidden."""
    rows = []
    for school, count in counts.items():
        value, n = (nan, None) if school in hidden else (count, count)
        row = result("usage", "met", "count", "students", value, n=n, school_id=school)
        rows.append(row | {"suppressed": "minimum n" if school in hidden else ""})
    ids = [row["result_id"] for row in rows]
    total = Linear({**dict.fromkeys(ids[1:], 1.0), ids[0]: -1.0})
    policy = DisclosurePolicy.named(audience)
    return Known(name, audience, source, frame_of(rows), (total,), policy)


def given_away(own, *earlier):
    return {finding.where.partition("#")[0] for finding in find_given_away(own, earlier)}


def test_two_hidden_numbers_protect_each_other_and_one_does_not():
    assert given_away(known("r", ["S1", "S2", "S3"])) == set()
    assert given_away(known("r", ["S1"])) == {"usage.met[school=S1]"}


def test_an_earlier_release_of_the_same_data_gives_a_number_away():
    earlier = known("before", ["S1", "S4"])
    assert given_away(earlier) == set()
    assert given_away(known("r", ["S1", "S3"]), earlier) == {"usage.met[school=S1]"}


def test_an_earlier_release_of_other_data_is_about_other_numbers():
    earlier = known("before", ["S1", "S4"], source="b")
    assert given_away(known("r", ["S1", "S3"]), earlier) == set()


def test_what_a_team_may_read_is_not_held_against_the_public():
    team = known("before", ["S1", "S2"], audience="team")
    assert given_away(known("r", ["S1", "S2", "S3"]), team) == set()
    # but the public's page may not tell a team what is hidden from it, too
    assert given_away(known("r", ["S1", "S4"]), team) == {"usage.met[school=S1]"}


def test_a_finding_names_the_numbers_that_give_it_away():
    (finding,) = find_given_away(known("r", ["S1"]), [])
    assert finding.kind == "given away"
    assert "only one value is possible" in finding.what
    assert "usage.met" in finding.by


@pytest.mark.parametrize(("other", "is_found"), [(50, False), (51, True), (59, True), (60, False)])
def test_counts_of_two_releases_that_differ_by_a_few_people_are_found(other, is_found):
    before = known("before", source="b", counts=COUNTS | {"S3": other, "": 300})
    found = list(find_small_differences(known("r"), [before]))
    assert [finding.where for finding in found] == ["usage.met[school=S3]"] * is_found


def test_one_data_set_has_no_differences():
    before = known("before", counts=COUNTS | {"S3": 51})
    assert not list(find_small_differences(known("r"), [before]))


def test_what_is_known_is_read_back(tmp_path):
    own = known("r", ["S1"])
    own.write(tmp_path / "r.json")
    back = Known.read(tmp_path / "r.json")
    assert back.rows.equals(own.rows)
    assert (back.relations, back.policy, back.source) == (own.relations, own.policy, own.source)
