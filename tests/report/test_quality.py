"""The page on data quality: ledger, map of coverage, flow, and what looked odd."""

import re
from pathlib import Path

import pytest
from page_export import export
from page_in_browser import look_at
from page_parser import PageParser
from report_sample import SCHOOLS, make_brief

from pilot_analysis.report import open_brief
from pilot_analysis.report.coverage_plot import plot_coverage
from pilot_analysis.results import result, result_id

DEMO = Path(__file__).parents[2] / "data" / "raw" / "demo"
PARTS = ("quality_header", "quality", "ledger", "coverage", "flow", "oddities", "footer")


def counted(name, rows, n, **keys):
    return result("quality", name, "count", "records", rows, n=n, **keys)


def cover(school, table, share, n=None, population="none"):
    return result("quality", "coverage", "proportion", population, share, n=n, unit="proportion",
                  school_id=school, category=table)  # fmt: skip


def odd(name, people, rows, population="students", n=200):
    about = result_id("quality", "oddity", category=name)
    yield result("quality", "oddity", "count", population, people, n=n, n_clusters=min(people, 2),
                 category=name)  # fmt: skip
    yield counted("oddity_rows", rows, n, category=name, relation=(f"derived from {about}",))


def quality_rows():
    """A survey of 967 responses, coverage of two schools, and three oddities."""
    yield from (counted("files", 1, 1), counted("tables", 1, 1))
    place = {"category": "survey_responses", "group": "teachers <b>.csv"}
    for step, before, rows in (("read", 967, 1934), ("set aside", 12, 141), ("kept", 955, 1793)):
        yield counted("total", rows, 1934, time=step)
        yield counted("rows", rows, 1934, time=step, **place)
        yield counted("made_from", before, 967, time=step, outcome="responses", **place)
    yield counted("set_aside", 12, 967, category="survey_responses", group="a preview",
                  outcome="responses")  # fmt: skip
    yield counted("joined", 900, 1000, category="usage", group="licenses", time="matched")
    yield counted("joined", 100, 1000, category="usage", group="licenses", time="no license")
    first, second = SCHOOLS
    yield from (cover(first, "assessments", 1.0, 90, "students"), cover(first, "whys", 1.0))
    yield from (cover(second, "assessments", 0.94, 90, "students"), cover(second, "whys", 0.0))
    yield from (cover(first, "observations", 1.0, 4, "teachers"),
                cover(second, "observations", 0.5, 6, "teachers"))  # fmt: skip
    yield from (cover(school, "goals", 0.0) for school in SCHOOLS)
    yield result("quality", "limit", "parameter", "none", 60.0, unit="hours",
                 category="long_weeks")  # fmt: skip
    yield from (*odd("long_weeks", 3, 7), *odd("percentiles", 0, 0))
    yield counted("oddity_rows", 4, 900, category="repeated_tests")
    yield counted("kinds", 3, 12, time="looked for")
    yield counted("kinds", 2, 12, time="found")
    for arm in ("comparison", "readwell"):
        keys = {"outcome": "reading", "group": arm}
        flow = result_id("conditions", "flow", category="both", **keys)
        for reason, n in (("no test before", 50), ("no test after", 20)):
            yield result("quality", "not_tested", "count", "students", n, n=230, category=reason,
                         relation=(f"derived from {flow}",), **keys)  # fmt: skip


def words(html):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", html))


@pytest.fixture(scope="module")
def brief():
    return make_brief("", "internal", extra=quality_rows())


def test_at_a_glance_says_that_nothing_was_lost(brief):
    said = words(brief.quality().html)
    assert "One file was read into one table: 1,934 rows in all" in said
    assert "1,793 were kept, and 141 were set aside for a reason." in said
    assert "We looked for three kinds of oddities, and found two of them." in said


def test_the_ledger_tells_responses_from_answers(brief):
    html = brief.ledger().html
    said = words(html)
    assert "967 responses, 12 set aside" in said
    assert "teachers &lt;b&gt;.csv" in html
    rows = [words(row) for row in re.findall(r"<tr>(.*?)</tr>", html)]
    assert any(row.endswith("1,934" + "141" + "1,793") for row in rows)
    assert any("a preview12967 responses" in row for row in rows)
    assert any("no license1001,000" in row for row in rows)


def test_the_map_describes_who_is_not_reached(brief):
    figure = re.search(r"<desc[^>]*>(.*?)</desc>", brief.coverage().html)[1]
    assert figure == (
        "Whom each instrument reaches, by school. reasons: Mill &lt;Hill&gt; School 0%, 100% "
        "elsewhere. tests: Mill &lt;Hill&gt; School 94%, 100% elsewhere. observations: "
        "Mill &lt;Hill&gt; School 50%, 100% elsewhere."
    )


def test_the_map_and_its_table_hold_the_same_instruments(brief):
    html = brief.coverage().html
    head = re.search(r"<thead>(.*?)</thead>", html)[1]
    assert re.findall(r"<th[^>]*>(.*?)</th>", head) == [
        "School", "Reasons", "Tests", "Observations",
    ]  # fmt: skip
    drawn = re.search(r"<svg.*?</svg>", html, re.S)[0]
    for name in ("reasons", "tests", "observations"):
        assert f">{name}</text>" in drawn
    assert "goals" not in drawn  # nobody has them


def test_a_school_too_small_to_show_is_marked_in_the_map():
    html = make_brief("", "team", extra=quality_rows()).coverage().html
    assert "observations: Harbor Street School not shown, Mill" in html
    assert ">[c]</text>" in html


def test_a_share_given_as_a_range_stands_in_the_map_as_one():
    html = make_brief("", "public", extra=quality_rows()).coverage().html
    assert "tests: Harbor Street School at least 95%, Mill" in html
    assert ">≥</text>" in html


def test_a_name_with_dollars_is_no_formula_and_a_long_one_is_cut(brief):
    fact = brief.page.facts.find("quality.limit")[0]
    schools = [("$a$ and $b$", {"whys": fact}), ("A" * 40, {"whys": fact})]
    made = plot_coverage("k", schools, {"whys": "reasons"}, title="T", caption="")
    assert ">$a$ and $b$</text>" in made.svg
    assert "A" * 22 + "…" in made.svg
    assert "A" * 40 in made.alt
    assert plot_coverage("k", [("a", {})], {"whys": "reasons"}, title="T", caption="") is None


def test_many_schools_are_several_drawings(brief):
    fact = brief._of_every_school().facts.find("quality.coverage")[0]
    schools = [(f"School {n}", {"assessments": fact}) for n in range(80)]
    made = plot_coverage("k", schools, {"assessments": "tests"}, title="T", caption="")
    assert made.alt == "T. tests: 100% everywhere."
    from pilot_analysis.report.sections.coverage import _maps

    html = _maps(schools, ["assessments"])
    parsed = PageParser(html)
    assert len(parsed.figures) == 4
    assert len(parsed.ids) == len(set(parsed.ids))


def test_where_students_were_lost(brief):
    html = brief.flow().html
    said = words(html)
    assert "Students in all schools, from class list to test: grade 3 reading" in said
    assert "Harbor Street School: comparison classes115" in said
    rows = [words(row) for row in re.findall(r"<tr>(.*?)</tr>", html)]
    assert "Comparison classes5020" in rows


def test_what_looked_odd_has_a_rule_a_treatment_and_a_next_step(brief):
    said = words(brief.oddities().html)
    assert "Three of 200 students, in 2 schools; 7 rows in all. More than 60 hours" in said
    assert "Tests more than once Four rows of 900." in said.replace("once", "once ")
    assert said.count("What was done:") == said.count("What to do next:") == 2
    assert "Looked for and not found: percentiles that no test gives." in said
    assert "Could not be looked for, since what it takes was not collected: scores far" in said


def test_the_public_is_not_told_of_a_few():
    html = make_brief("", "public", extra=quality_rows()).oddities().html
    said = words(html)
    assert (
        "too few people would stand behind the number: percentiles that no test gives and" in said
    )
    assert "weeks that are too long to be true" in said
    assert 'data-result="quality.oddity[category=long_weeks]"' not in html


def test_nothing_odd_is_said_in_a_sentence():
    rows = [*odd("percentiles", 0, 0)]
    assert "Nothing odd was found." in make_brief("", "internal", extra=rows).oddities().html


def test_a_school_s_page_shows_that_school_alone():
    brief = make_brief("S1", "internal", extra=quality_rows())
    html = brief.coverage().html + brief.flow().html
    assert "Harbor Street School" in html
    assert "Mill" not in html
    assert "School by school" not in html


@pytest.fixture(scope="module", params=["internal", "team", "public"])
def brief_of_demo(request, prepared_demo):
    folder = prepared_demo(request.param)
    return open_brief(DEMO, audience=request.param, prepared=folder)


def test_every_number_of_the_page_is_a_claim_on_a_result_that_is_shown(brief_of_demo):
    html = "".join(getattr(brief_of_demo, part)().html for part in PARTS)
    parsed = PageParser(html)
    assert parsed.headings[0] == 1
    assert len(parsed.ids) == len(set(parsed.ids))
    facts = brief_of_demo._of_every_school().facts
    found = re.findall(r'data-result="([^"]*)" data-field="([^"]*)"', html)
    assert len(found) > 100
    assert all(facts[name].is_shown for name, _ in found)
    free = [w for w in parsed.prose if re.search(r"\d", w)]
    # what is left are names of files, outcomes, reasons, the period and ends of ranges
    assert all(
        re.search(r"\.(csv|xlsx|zip|parquet)|20\d\d|at (most|least)|CC0", w) for w in free
    ), free


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_a_browser_finds_no_barrier_on_the_page(browser, tmp_path, scheme, width):
    page_file = tmp_path / "quality.html"
    made = make_brief("", "internal", extra=quality_rows())
    page_file.write_text(export(made, "01_data_quality"), encoding="utf-8")
    barriers, sticking_out, small = look_at(browser, page_file, scheme=scheme, width=width)
    assert barriers == ""
    assert sticking_out <= 0
    assert small == 0
