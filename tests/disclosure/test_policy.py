"""Policies are data, every value has a source, and nothing unknown is let through."""

import json
import pickle
import tomllib

import pytest

from pilot_analysis.disclosure import DisclosurePolicy
from pilot_analysis.errors import DisclosureError

ORDER = {
    "single_person_roles": ("shown", "with consent", "hidden"),
    "comments": ("shown", "without school and role", "hidden"),
}
"""Settings in words, from the mildest to the strictest."""
NAMES = ("internal", "team", "public", "texas_example")


def as_dict(name):
    return json.loads(DisclosurePolicy.named(name).to_json())


@pytest.mark.parametrize("name", NAMES)
def test_every_value_of_a_built_in_policy_has_a_source(name):
    policy = DisclosurePolicy.named(name)
    assert policy.name == name
    assert all(setting.source.strip() for setting in policy.settings.values())


@pytest.mark.parametrize("blank", [None, ""])
def test_a_policy_that_is_not_named_is_the_strictest(blank):
    assert DisclosurePolicy.named(blank) == DisclosurePolicy.named("public")


@pytest.mark.parametrize("name", ["internal", "team"])
def test_public_is_nowhere_milder_than_another_policy(name):
    public, other = DisclosurePolicy.named("public"), DisclosurePolicy.named(name)
    for key in public.settings:
        if key.startswith("minimum") or key in ("coding_of_means", "dominance_percent"):
            assert public[key] >= other[key], key
        elif key == "coding_bands":
            assert all(public.coded_share(n) >= other.coded_share(n) for n in range(1, 400))
        elif key in ORDER:
            assert ORDER[key].index(public[key]) >= ORDER[key].index(other[key])


def test_the_minimums_are_those_of_the_methods_page():
    for name in ("team", "public"):
        policy = DisclosurePolicy.named(name)
        found = [policy.minimum_n(who) for who in ("students", "teachers", "respondents")]
        assert found == [10, 5, 5]


@pytest.mark.parametrize(
    ("n", "share"), [(300, 0.01), (299, 0.02), (100, 0.02), (99, 0.05), (40, 0.05), (39, 0.10),
                     (20, 0.10), (19, 0.20), (10, 0.20), (6, 0.20)],
)  # fmt: skip
def test_shares_are_coded_by_the_size_of_the_group(n, share):
    assert DisclosurePolicy.named("public").coded_share(n) == share
    assert DisclosurePolicy.named("team").coded_share(n) == 0


def test_an_unknown_policy_is_refused_with_the_nearest_name():
    with pytest.raises(
        DisclosureError, match="no disclosure policy 'publik'; did you mean 'public'"
    ):
        DisclosurePolicy.named("publik")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("minimum_m", {"students": {"value": 10, "source": "x"}},
         "minimum_m.students: unknown key; did you mean 'minimum_n.students'"),
        ("comment", {"value": "hidden", "source": "x"}, "unknown key; did you mean 'comments'"),
        ("comments", {"value": "hiden", "source": "x"}, "did you mean 'hidden'"),
        ("comments", {"value": True, "source": "x"}, "of shown, without school and role, hidden"),
        ("minimum_n.students", {"value": 0, "source": "x"}, "whole number from 1"),
        ("minimum_n.students", {"value": "10", "source": "x"}, "found '10'"),
        ("minimum_n.students", {"value": True, "source": "x"}, "whole number from 1"),
        ("minimum_n.students", {"value": 10, "source": " "}, "every value needs its source"),
        ("minimum_n.students", {"value": 10}, "every value needs its source"),
        ("minimum_n.students", 10, "every value needs its source"),
        ("minimum_n.students", {"value": 9, "source": "x"},
         r"minimum_category.students: 10 is above minimum_n.students \(9\)"),
        ("comments", {"value": "shown", "sorce": "x"}, "comments.sorce: unknown key; did you mean"),
        ("coding_bands", {"value": [[10, 0.2], [300, 0.01]], "source": "x"}, "largest size down"),
        ("coding_bands", {"value": [[300, 0.01], [40, 0.05]], "source": "x"}, "down to 1"),
        ("coding_bands", {"value": "none", "source": "x"}, "expected an empty list"),
        ("score_bands", {"value": 500, "source": "x"}, "from 0 to 100"),
        ("rounding", {"minutes": {"value": 1, "source": "x"}}, "rounding.minutes: .* audience"),
        ("dominance_percent", {"value": -1, "source": "x"}, "from 0 to 100"),
        ("name", "", "name: this key is needed"),
    ],
)  # fmt: skip
def test_unknown_keys_and_values_are_refused(key, value, message):
    with pytest.raises(DisclosureError, match=message):
        DisclosurePolicy.from_dict({**as_dict("public"), key: value})


def test_minimums_are_changed_without_any_other_change():
    public = DisclosurePolicy.named("public")
    assert public.minimums["minimum_n.students"] == 10
    assert len(public.minimums) == 9
    mild = public.with_minimums({"minimum_category.students": 3})
    assert mild.minimums == {**public.minimums, "minimum_category.students": 3}
    assert {key for key in public.settings if mild[key] != public[key]} == {
        "minimum_category.students"
    }
    with pytest.raises(DisclosureError, match="expected a whole number"):
        public.with_minimums({"minimum_n.students": 0})


def test_every_fault_is_listed_at_once():
    values = as_dict("public")
    del values["comments"], values["minimum_n.schools"]
    with pytest.raises(DisclosureError, match="2 to mend") as caught:
        DisclosurePolicy.from_dict(values)
    assert "comments: this key is needed" in str(caught.value)
    assert "minimum_n.schools: this key is needed" in str(caught.value)


def test_a_states_own_policy_is_read_from_a_file(tmp_path):
    path = tmp_path / "state.toml"
    path.write_text("name = 'x'\nname = 'y'\n", encoding="utf-8")
    with pytest.raises(DisclosureError, match="is not valid TOML"):
        DisclosurePolicy.read(path)
    with pytest.raises(DisclosureError, match="cannot be read as a disclosure policy"):
        DisclosurePolicy.read(tmp_path / "missing.toml")
    lines = ["name = 'state'", "description = 'Ours.'"]
    for key, setting in as_dict("public").items():
        if isinstance(setting, dict):
            value = 20 if key == "minimum_n.students" else setting["value"]
            lines += [f"[{key}]", f"value = {json.dumps(value)}", "source = 'Our rule 7.'"]
    path.write_text("\n".join(lines), encoding="utf-8")
    assert tomllib.loads(path.read_text(encoding="utf-8"))
    assert DisclosurePolicy.read(path).minimum_n("students") == 20


def test_a_policy_survives_json_and_pickle_and_cannot_be_changed_in_place():
    policy = DisclosurePolicy.named("team")
    assert DisclosurePolicy.from_dict(json.loads(policy.to_json())) == policy
    assert pickle.loads(pickle.dumps(policy)) == policy
    with pytest.raises(TypeError):
        policy.settings["comments"] = "shown"
    stricter = policy.with_value("minimum_n.students", 20, "our school's rule")
    assert (stricter.minimum_n("students"), policy.minimum_n("students")) == (20, 10)
    with pytest.raises(DisclosureError, match="unknown key"):
        policy.with_value("minimum_n.pupils", 20, "our school's rule")
