"""Each kind of oddity is found where it is, counted, told how it was treated, and nowhere else."""

import string
from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from pilot_analysis.config import Source
from pilot_analysis.disclosure import DisclosurePolicy, protect
from pilot_analysis.evaluation import evaluate
from pilot_analysis.evaluation.oddities import find_oddities
from pilot_analysis.evaluation.oddity_kinds import ODDITY_KINDS

STUDENTS = string.ascii_lowercase
ITEMS = {f"q{n}": {"question": "?", "scale": "ease", "reverse": n == 5} for n in range(1, 6)} | {
    "recommend": {"question": "?", "kind": "recommend", "low": 0, "high": 10}
}
CONFIG = {
    "items": ITEMS,
    "scales": {"ease": {"label": "ease"}},
    "design": {
        "comparison": "rostered",
        "reference": "without",
        "arms": {"with": {"label": "with"}, "without": {"label": "without"}},
    },
    "outcomes": {
        "reading": {
            "label": "reading",
            "assessment": "map",
            "pre_window": "fall",
            "post_window": "spring",
        }
    },
}


def _test(place, window, **more):
    day = {"fall": "2025-09-20", "spring": "2026-05-10"}[window]
    return {"student_id": STUDENTS[place], "outcome_id": "map", "window": window,
            "score": 200.0 + place, "percentile": 1.0 + place, "taken_on": day} | more  # fmt: skip


def _answer(person, item, value, response=None, product="p", wave="1", school="S1"):
    return {"response_id": response or f"{person}-{wave}", "item_id": item, "survey_id": "s",
            "wave": wave, "respondent_id": person, "respondent_role": "teacher",
            "school_id": school, "product_id": product, "value": value,
            "answered_on": "2026-05-01"}  # fmt: skip


def _sheet(person, values=(4, 4, 3, 5, 2), **more):
    return [_answer(person, f"q{n}", v, **more) for n, v in enumerate(values, start=1)]


def _use(place, week="2025-10-06", minutes=30.0, period="week", product="p", **more):
    return {"student_id": STUDENTS[place], "product_id": product, "period_start": week,
            "period": period, "minutes": minutes, "sessions": 1} | more  # fmt: skip


def _tables():
    """Twenty-six students; the first thirteen have the product, in the class of T1."""
    half = len(STUDENTS) // 2
    return {
        "schools": [{"school_id": s, "name": s} for s in ("S1", "S2")],
        "products": [{"product_id": p, "name": p} for p in "pq"],
        "teachers": [{"teacher_id": t, "school_id": "S1"} for t in ("T1", "T2")],
        "students": [{"student_id": s, "school_id": "S1"} for s in STUDENTS],
        "enrollments": [
            {"student_id": s, "class_id": f"C{1 + (i >= half)}", "school_id": "S1",
             "teacher_id": f"T{1 + (i >= half)}"}
            for i, s in enumerate(STUDENTS)
        ],
        "assignments": [
            {"unit": "class", "unit_id": "C1", "window": "year", "arm": "with", "product_id": "p"},
            {"unit": "class", "unit_id": "C2", "window": "year", "arm": "without"},
        ],
        "licenses": [{"product_id": "p", "student_id": s} for s in STUDENTS[:half]],
        "assessments": [_test(i, w) for i in range(len(STUDENTS)) for w in ("fall", "spring")],
        "usage": [_use(i) for i in range(half)],
        "survey_responses": _sheet("T1"),
    }  # fmt: skip


@pytest.fixture
def look(make_pilot):
    """`look(table=rows added, ...)`: what is found in the sound pilot with these rows added."""

    def find(**added):
        tables = _tables()
        for name, rows in added.items():
            tables[name] = [*tables[name], *rows]
        return find_oddities(make_pilot(tables, **CONFIG))

    return find


def found(oddities):
    return {name: o.rows for name, o in oddities.items() if o is not None and o.rows}


def test_a_sound_pilot_has_none(look):
    oddities = look()
    assert found(oddities) == {}
    in_memory = {"repeated_tests", "outside_windows"}  # of the ledger, and nothing was read
    assert {name for name, o in oddities.items() if o is None} == in_memory


def test_a_score_far_from_its_test_and_window(make_pilot):
    tables = _tables()
    tables["assessments"][3]["score"] = 1000.0
    tables["assessments"][4]["score"] = 211.5 + 4 * 1.4826 * 6.5 - 0.01  # just inside the limit
    oddity = find_oddities(make_pilot(tables, **CONFIG))["far_scores"]
    assert (oddity.rows, oddity.n_people, oddity.n) == (1, 1, 26)
    case = oddity.cases.iloc[0]
    assert (case["person_id"], case["school_id"]) == ("b", "S1")
    assert (case["about"], case["value"]) == ("map, spring", 1000.0)


def test_half_of_the_scores_being_the_same_says_nothing_of_the_others(make_pilot):
    tables = _tables()
    for row in tables["assessments"][:40]:
        row["score"] = 200.0
    assert found(find_oddities(make_pilot(tables, **CONFIG))) == {}


@pytest.mark.parametrize(("percentile", "n"), [(0.0, 1), (1.0, 0), (99.0, 0), (100.0, 1)])
def test_a_percentile_that_no_test_gives(make_pilot, percentile, n):
    tables = _tables()
    tables["assessments"][0]["percentile"] = percentile
    assert find_oddities(make_pilot(tables, **CONFIG))["percentiles"].rows == n


def test_a_last_test_that_is_not_later(make_pilot):
    tables = _tables()
    tables["assessments"][1]["taken_on"] = "2025-09-20"
    tables["assessments"][3]["taken_on"] = "2025-09-21"
    oddity = find_oddities(make_pilot(tables, **CONFIG))["test_order"]
    assert (oddity.rows, oddity.n) == (1, 26)
    assert oddity.cases["about"].tolist() == ["reading"]


LONG = [("week", 3601.0, 1), ("week", 3600.0, 0), ("month", 15_000.0, 0), ("month", 16_000.0, 1)]


@pytest.mark.parametrize(("period", "minutes", "n"), LONG)
def test_a_week_of_more_than_sixty_hours(look, period, minutes, n):
    row = _use(0, "2025-11-03", minutes, period)
    oddity = look(usage=[row])["long_weeks"]
    assert (oddity.rows, oddity.n) == (n, 13)
    assert oddity.cases["value"].tolist() == [minutes / 60] * n


def test_use_without_a_minute(look):
    rows = [
        _use(0, "2025-11-03", 0.0),
        _use(1, "2025-11-03", None, sessions=None, lessons_passed=2),
        _use(2, "2025-11-03", 0.0, sessions=0),
        _use(3, "2025-11-03", None, sessions=None),
    ]
    oddity = look(usage=rows)["no_minutes"]
    assert oddity.cases["person_id"].tolist() == ["a", "b"]


def test_use_without_a_license_and_use_by_those_compared_with(look):
    rows = [_use(20), _use(0, product="q"), _use(21, minutes=0.0, sessions=0)]
    oddities = look(usage=rows)
    assert oddities["no_license"].cases["person_id"].tolist() == ["a", "u"]
    assert oddities["comparison_use"].cases["person_id"].tolist() == ["u"]
    assert oddities["comparison_use"].n == 13


def test_a_teacher_who_rates_a_product_of_others(look):
    rows = [*_sheet("T2"), *_sheet("T1", response="again", product="q", wave="2")]
    oddity = look(survey_responses=rows)["not_assigned"]
    assert oddity.rows == 2
    assert oddity.cases["person_id"].tolist() == ["T2", "T1"]
    assert oddity.cases["about"].tolist() == ["p, 1", "q, 2"]


def test_a_pseudonym_is_odd_only_where_nobody_of_the_school_was_given_the_product(look):
    rows = [*_sheet("R1"), *_sheet("R2", product="q"), *_sheet("R3", school="S2")]
    oddity = look(survey_responses=rows)["not_assigned"]
    assert oddity.cases["person_id"].tolist() == ["R2", "R3"]


def test_one_answer_to_questions_with_opposite_meanings(look):
    rows = [
        *_sheet("R1", (4, 4, 4, 4, 4)),
        *_sheet("R2", (4, 4, 4, 4)),  # not the reverse question
        *_sheet("R3", (5, 5, 5, 5, 1)),
    ]
    oddity = look(survey_responses=rows)["same_answers"]
    assert oddity.cases["person_id"].tolist() == ["R1"]
    assert oddity.cases["value"].tolist() == [4]
    assert oddity.n == 3  # T1, R1 and R3: R2 did not answer enough questions


def test_a_survey_answered_twice(look):
    rows = [*_sheet("T1", response="second"), *_sheet("T1", wave="2")]
    oddity = look(survey_responses=rows)["answered_twice"]
    assert (oddity.rows, oddity.n_people) == (1, 1)


def _with_ledger(pilot, reasons):
    lines = [("assessments", "t.csv", "rows", "read", "", 100)]
    lines += [("assessments", "t.csv", "rows", "set aside", r, n) for r, n in reasons.items()]
    columns = ["table", "file", "unit", "step", "reason", "rows"]
    return replace(pilot, ledger=pd.DataFrame(lines, columns=columns))


def test_what_reading_set_aside_is_counted_by_kind(make_pilot):
    source = {"file": "t.csv", "windows": {"fall": [date(2025, 9, 1), date(2025, 10, 1)]}}
    pilot = make_pilot(_tables(), **CONFIG)
    config = pilot.config.model_copy(update={"sources": {"assessments": (Source(**source),)}})
    reasons = {
        "the same as an earlier row": 2,
        "another row of the same student_id and outcome_id and window is used": 3,
        "not the test that NWEA counts for growth": 4,
        "outside every window": 5,
        "no day of the test, so no window": 6,
        "student not on the roster": 7,
    }
    oddities = find_oddities(_with_ledger(replace(pilot, config=config), reasons))
    assert (oddities["repeated_tests"].rows, oddities["repeated_tests"].n) == (9, 100)
    assert oddities["outside_windows"].rows == 11


def test_reading_gives_the_reasons_that_are_counted(tmp_path, monkeypatch):
    from pilot_fixtures import write_small_pilot

    from pilot_analysis.pilot import load_pilot

    monkeypatch.setenv("PILOT_ANALYSIS_KEY_FILE", str(tmp_path / "key"))
    folder = write_small_pilot(tmp_path / "small")
    tests = (folder / "assessments.csv").read_text().splitlines()
    tests = [line.replace("window", "term") for line in tests]
    tests += [tests[1], tests[2].replace("2026-05-11", "2026-07-01")]
    (folder / "assessments.csv").write_text("\n".join(tests) + "\n")
    toml = (folder / "pilot.toml").read_text()
    toml = toml.replace(
        'assessments = { file = "assessments.csv" }',
        'assessments = { file = "assessments.csv", format = "nwea_map", keep = "distinct", '
        'columns = { student_id = "student_id", outcome_id = "outcome_id", score = "score", '
        'taken_on = "taken_on" }, windows = { fall = [2025-09-01, 2025-10-01], '
        "spring = [2026-05-01, 2026-06-01] } }",
    )
    (folder / "pilot.toml").write_text(toml)
    oddities = find_oddities(load_pilot(folder))
    assert oddities["repeated_tests"].rows == 1
    assert oddities["outside_windows"].rows == 1


def test_nothing_is_changed_by_looking(demo):
    before = {name: table.copy() for name, table in demo.tables.items()}
    find_oddities(demo)
    for name, table in before.items():
        pd.testing.assert_frame_equal(demo.tables[name], table)


def test_every_kind_says_rule_treatment_and_next_step_without_a_digit():
    for kind in ODDITY_KINDS.values():
        for text in (kind.title, kind.rule, kind.done, kind.advice):
            assert not any(c.isdigit() for c in text), kind.name
        assert ("{limit}" in kind.rule) == (kind.limit is not None)
        assert all(text.endswith(".") for text in (kind.rule, kind.done, kind.advice))
        assert kind.done.startswith(("Kept", "Set aside"))


def test_results_say_of_every_kind_whether_it_was_looked_for(evaluated_demo, evaluated_star):
    for results in (evaluated_demo, evaluated_star):
        own = results.select(section="quality")
        looked = set(own.loc[own["name"] == "oddity_rows", "category"])
        unknown = set(own.loc[own["name"] == "not_looked_for", "category"])
        assert looked | unknown == set(ODDITY_KINDS)
        assert not looked & unknown
        kinds = own[own["name"] == "kinds"].set_index("time")["estimate"]
        rows = own[own["name"] == "oddity_rows"]["estimate"]
        assert kinds.to_dict() == {"looked for": len(looked), "found": (rows > 0).sum()}


def test_a_few_odd_people_are_hidden_from_the_public_with_their_rows(make_pilot):
    tables = _tables()
    tables["usage"] += [_use(20), _use(20, "2025-10-13")]
    results = evaluate(make_pilot(tables, **CONFIG))
    names = ["oddity", "oddity_rows"]
    shown = {}
    for policy in ("internal", "public"):
        frame = protect(results, DisclosurePolicy.named(policy)).frame
        own = frame[frame["category"].eq("no_license") & frame["section"].eq("quality")]
        shown[policy] = own.set_index("name").loc[names]
    assert shown["internal"]["estimate"].tolist() == [1, 2]
    assert (shown["public"]["suppressed"] != "").all()


def test_a_few_odd_people_cannot_be_worked_out_from_what_is_shown(make_pilot):
    tables = _tables()
    tables["usage"] += [_use(20), _use(20, "2025-10-13")]
    results = evaluate(make_pilot(tables, **CONFIG))
    hidden, shown = "no_license", {}
    for policy in ("internal", "public"):
        frame = protect(results, DisclosurePolicy.named(policy)).frame
        own = frame[frame["section"].eq("quality")]
        use = own[own["name"].eq("joined") & own["category"].eq("usage")]
        kinds = own[own["name"].eq("kinds")].set_index("time")["estimate"]
        shown[policy] = use.set_index("time")["estimate"].to_dict(), kinds["found"]
        assert kinds["looked for"] > 0
    fates, n_found = shown["internal"]
    assert fates["student without a license for the product"] == 2
    assert n_found == results.select(name="oddity_rows")["estimate"].gt(0).sum() > 0
    fates, n_found = shown["public"]
    assert pd.isna(list(fates.values())).all(), hidden  # all rows less the others
    assert pd.isna(n_found)  # all kinds that were found less those that are shown


def test_a_hidden_step_of_the_flow_cannot_be_worked_out_from_the_tests_that_count(evaluated_demo):
    frame = protect(evaluated_demo, DisclosurePolicy.named("public")).frame
    flow = frame[frame["name"].eq("flow") & frame["school_id"].eq("")]
    flow = flow[flow["category"].isin(["pre", "post"])]
    tests = frame[frame["name"].eq("joined") & frame["group"].eq("outcomes and groups")]
    assert flow["estimate"].isna().any()  # else there is nothing to work out
    assert len(tests) == 3
    assert tests["estimate"].isna().all()
    truth = evaluated_demo.frame.set_index("result_id")["estimate"]
    matched = tests.loc[tests["time"].eq("matched"), "result_id"]
    assert truth[matched].item() == truth[flow["result_id"]].sum()


def test_the_reasons_of_losses_cannot_be_worked_out_from_the_flow(evaluated_demo):
    frame = protect(evaluated_demo, DisclosurePolicy.named("public")).frame
    lost = frame[frame["name"].eq("not_tested")]
    hidden = lost["suppressed"].ne("").groupby([lost["outcome"], lost["group"]])
    assert hidden.any().any()
    assert (hidden.any() == hidden.all()).all()  # the flow gives one from the others
