"""`pilot.toml` is refused key by key: what was expected, what was found, the nearest name."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pilot_fixtures import write_small_pilot

from pilot_analysis.config import nearest, read_config
from pilot_analysis.errors import ConfigError


@pytest.fixture
def small_pilot(tmp_path):
    return write_small_pilot(tmp_path / "small")


@pytest.fixture
def complaint(small_pilot):
    """`complaint(old, new)`: what reading says once `old` has become `new` in pilot.toml."""

    def read(old, new):
        path = small_pilot / "pilot.toml"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(ConfigError) as caught:
            read_config(small_pilot)
        first, _, rest = str(caught.value).partition("\n")
        assert first.startswith(str(path))
        return rest or first

    return read


def test_the_small_pilot_is_valid_and_frozen(small_pilot):
    config = read_config(small_pilot)
    assert config.design.arms["readwell"].label == "classes with Readwell"
    assert config.sources["usage"][0].file == "usage.csv"
    with pytest.raises(ValueError, match="frozen"):
        config.pilot.title = "Another"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("title =", "titel =", "  pilot.titel: unknown key; did you mean 'title'?"),
        ("[pilot]", "[dosis]\n[pilot]", "  dosis: unknown key; did you mean 'dose'?"),
        ('"usage.csv" }', '"usage.csv", colums = {} }',
         "  sources.usage.colums: unknown key; did you mean 'columns'?"),
        ('label = "reading"', 'lable = "reading"',
         "  outcomes.reading.lable: unknown key; did you mean 'label'?"),
        ('label = "comparison classes"', 'name = "x"',
         "  design.arms.comparison.name: unknown key; known here: label"),
        ('title = "A small pilot"', "", "  pilot.title: this key is needed and is not there"),
        ("[pilot]", "folder = 'x'\n[pilot]", "unknown key `folder`"),
    ],
)  # fmt: skip
def test_an_unknown_or_missing_key_is_named_with_the_nearest_known_one(
    complaint, old, new, expected
):
    assert expected in complaint(old, new)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("simulated = true", 'simulated = "yes"',
         "  pilot.simulated: expected true or false, found 'yes'"),
        ("simulated = true", "simulated = 1", "  pilot.simulated: expected true or false, found 1"),
        ('title = "A small pilot"', "title = 5", "  pilot.title: expected text in quotes, found 5"),
        ("simulated = true", 'begin = "2025-10-01"',
         "  pilot.begin: expected a date without quotes, such as 2025-10-01, found '2025-10-01'"),
        ("[pilot]", 'dose.active_weeks = "8"\n[pilot]',
         "  dose.active_weeks: expected a whole number, found '8'"),
        ("[pilot]", "dose.active_weeks = 2.5\n[pilot]",
         "  dose.active_weeks: expected a whole number, found 2.5"),
        ("[pilot]", "dose = 3\n[pilot]", "  dose: expected a section, found 3"),
        ("[pilot]", "inference.conf_level = 95\n[pilot]",
         "  inference.conf_level: expected less than 1, found 95"),
        ('assigned_unit = "class"', 'assigned_unit = "clas"',
         "  design.assigned_unit: expected 'student', 'class' or 'school', found 'clas'"),
        ('role = "confirmatory"', 'arms = "readwell"',
         "  outcomes.reading.arms: expected a list in square brackets, found 'readwell'"),
        ('{ file = "usage.csv" }', '[{ file = "usage.csv" }, { file = 7 }]',
         "  sources.usage[2].file: expected text in quotes, found 7"),
        ('id = "small"', 'id = "Small pilot"', "  pilot.id: "),
    ],
)  # fmt: skip
def test_a_wrong_type_or_value_says_what_was_expected_and_what_was_found(
    complaint, old, new, expected
):
    assert expected in complaint(old, new)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('reference = "comparison"', 'reference = "comparisn"',
         "  design: reference 'comparisn' is not one of the arms; did you mean 'comparison'?"),
        ('\n[design.arms.readwell]\nlabel = "classes with Readwell"\n', "",
         "  design: a comparison needs two or more arms"),
        ('role = "confirmatory"', 'arms = ["redwell"]',
         "  outcomes.reading.arms: 'redwell' is not an arm; did you mean 'readwell'?"),
        ('role = "confirmatory"', 'cautions = ["{n_lost} were lost."]',
         "  outcomes.reading.cautions: {n_lost} is no number of the evaluation; known here"),
        ('role = "confirmatory"', 'cautions = ["{ were lost."]', "a brace is not closed"),
        ('pre_window = "fall"', 'pre_window = "spring"',
         "  outcomes.reading: pre_window and post_window are both 'spring'"),
        ('scale = "ease"', 'scale = "eas"',
         "  items.easy.scale: 'eas' is not a scale; did you mean 'ease'?"),
        ("high = 10", "high = 7", "  items.recommend: the recommend item of a Net Promoter Score"),
        ("low = 0", "low = 10", "  items.recommend: low (10) must be below high (10)"),
        ("simulated = true", "begin = 2026-06-01\nend = 2026-05-01",
         "  pilot: begin (2026-06-01) is after end (2026-05-01)"),
        ("usage = {", "usag = {",
         "  sources: there is no clean table 'usag'; did you mean 'usage'?"),
        ("schools = {", "calendar = {", "  sources: the table `schools` is needed"),
        ('"usage.csv" }', '"usage.csv", columns = { minuts = "m" } }',
         "  sources.usage.columns: 'minuts' is not a column of usage; did you mean 'minutes'?"),
        ('"usage.csv" }', '"usage.csv", columns = { minutes = "m" }, values = { minutes = "1" } }',
         "  sources.usage: 'minutes' stands in columns and in values: keep one"),
        ('"usage.csv" }', '"usage.csv", templates = { period = "week" } }',
         "  sources.usage: templates.period: 'week' names no column in braces"),
        ('"usage.csv" }', '"usage.csv", templates = { period = "{a}-{}" } }',
         "a brace is not closed, or holds no name"),
        ('"usage.csv"', '"../usage.csv"',
         "  sources.usage.file: expected a path inside the pilot's folder, found '../usage.csv'"),
        ('"usage.csv"', '"/data/usage.csv"', "  sources.usage.file: expected a path inside"),
        ('"usage.csv"', '"usag.csv"',
         "  sources.usage.file: expected a file in the pilot's folder, found no 'usag.csv'; did "
         "you mean 'usage.csv'?"),
    ],
)  # fmt: skip
def test_names_must_hang_together(complaint, old, new, expected):
    assert expected in complaint(old, new)


def test_every_fault_is_told_at_once(complaint):
    told = complaint(
        'id = "small"\ntitle = "A small pilot"\nsimulated = true',
        'id = "small"\ntitel = "x"\nsimulated = "no"',
    )
    assert len(told.splitlines()) == 3  # title missing, titel unknown, simulated of a wrong type


def test_a_folder_or_file_that_is_not_there(tmp_path):
    with pytest.raises(ConfigError, match="no such folder"):
        read_config(tmp_path / "nowhere")
    with pytest.raises(ConfigError, match=r"pilot\.toml: not found"):
        read_config(tmp_path)


def test_a_file_that_is_no_toml_or_no_utf8(tmp_path):
    (tmp_path / "pilot.toml").write_text("[pilot\n")
    with pytest.raises(ConfigError, match=r"not valid TOML: .*line 1"):
        read_config(tmp_path)
    (tmp_path / "pilot.toml").write_bytes(b"title = 'caf\xe9'\n")
    with pytest.raises(ConfigError, match="not UTF-8 text"):
        read_config(tmp_path)


_VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["schools", "file", "arms", "x", "label"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(
    section=st.sampled_from(["pilot", "sources", "design", "outcomes", "items", "groups", "dose"]),
    value=_VALUES,
)
def test_whatever_toml_says_of_a_section_is_kept_or_told_with_its_key(
    small_pilot, monkeypatch, section, value
):
    fine = {"pilot": {"id": "x", "title": "x"}, "sources": {"schools": {"file": "schools.csv"}}}
    monkeypatch.setattr(
        "pilot_analysis.config.read.tomllib.loads", lambda _: {**fine, section: value}
    )
    try:
        config = read_config(small_pilot)
    except ConfigError as error:
        first, *faults = str(error).split("\n")
        assert first == f"{small_pilot / 'pilot.toml'}: to mend:"
        assert faults
        assert all(fault.startswith(f"  {section}") for fault in faults)
    else:
        assert set(value) <= set(config.model_dump()[section])


def test_nearest_names_the_nearest_or_what_is_known():
    assert nearest("S1O", ["S10", "S20"]) == "; did you mean 'S10'?"
    assert nearest("zzz", ["b", "a"]) == "; known here: a, b"
    assert nearest("zzz", map(str, range(100, 120))).endswith(" and 8 more")
    assert nearest("zzz", []) == ""


def test_an_audience_may_have_a_stricter_policy_and_never_a_milder_one(tmp_path):
    small_folder = write_small_pilot(tmp_path / "pilot")
    path = small_folder / "pilot.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text + '\n[disclosure]\nteam = "public"\n', encoding="utf-8")
    assert read_config(small_folder).disclosure.team == "public"
    path.write_text(text + '\n[disclosure]\npublic = "our_state.toml"\n', encoding="utf-8")
    assert read_config(small_folder).disclosure.public == "our_state.toml"
    for wrong in ('public = "internal"', 'public = "team"', 'team = "internal"', 'team = "teem"',
                  'public = "texas_example"', 'public = "../state.toml"'):  # fmt: skip
        path.write_text(f"{text}\n[disclosure]\n{wrong}\n", encoding="utf-8")
        with pytest.raises(ConfigError, match="disclosure"):
            read_config(small_folder)
