import re
from dataclasses import replace
from datetime import date
from importlib import resources

import pytest
from page_parser import PageParser
from pilot_fixtures import write_small_pilot
from report_sample import estimate, make_brief, make_config, make_prepared

from pilot_analysis.config import Source
from pilot_analysis.errors import ConfigError, DisclosureError, RunError
from pilot_analysis.pilot import load_pilot
from pilot_analysis.report import open_brief, prepare
from pilot_analysis.report.brief import Brief
from pilot_analysis.report.prepared import Prepared
from pilot_analysis.results import CONSENT, ONE_PERSON, result, result_id

SECTIONS = (
    "header", "glance", "participation", "goal", "support", "use", "teachers", "recommend",
    "learning", "limits", "how_we_know", "footer",
)  # fmt: skip


def whole(brief: Brief) -> str:
    return "\n".join(getattr(brief, section)()._repr_html_() for section in SECTIONS)


@pytest.fixture(scope="module")
def html():
    return whole(make_brief())


@pytest.mark.parametrize("school", ["S1", "S2", ""])
@pytest.mark.parametrize("audience", ["team", "public", "internal"])
def test_every_section_of_every_audience_is_sound_markup(school, audience):
    parsed = PageParser(whole(make_brief(school, audience)))
    assert parsed.headings.count(1) == 1
    assert parsed.headings[0] == 1
    for before, after in zip(parsed.headings, parsed.headings[1:], strict=False):
        # the h2 of a section stands in the notebook, so an h3 may follow the header's h1
        assert after <= max(before, 2) + 1
    assert len(parsed.ids) == len(set(parsed.ids))
    assert set(parsed.referred) <= set(parsed.ids)
    assert "script" not in parsed.tags


def test_prose_holds_no_digit_but_those_of_names_and_records(html):
    known = ("Readwell 5", "grade 3", "2 schools", "3rd graders", "October 2025 to May 2026", "1-5",
             "usage 2026.csv", "Us (2026)", "0.1.0", "CC0 1.0", "Education Next, 2024", "5 Percent",
             "CR2", "Kraft (2020), median of 747")  # fmt: skip
    words = re.sub(r"\s+", " ", " ".join(PageParser(html).prose))
    for name in known:
        words = words.replace(name, "").replace(name.capitalize(), "")
    weeks = re.sub(r"\b\d{1,2} (September|October|November)\b", "", words)
    assert re.findall(r".{20}\d.{20}", weeks) == []


def test_every_number_is_traced_to_a_result_that_is_shown():
    for audience in ("team", "public"):
        brief = make_brief(audience=audience)
        facts = brief.page.facts
        found = re.findall(
            r'<data class="(?:claim|cell)" value="([^"]*)" data-result="([^"]*)" '
            r'data-field="([^"]*)">', whole(brief))  # fmt: skip
        assert len(found) > 40
        for value, named, field in found:
            fact = facts[named]
            assert fact.is_shown
            assert value == f"{getattr(fact, field):.10g}"


def test_a_suppressed_number_is_nowhere_on_the_page():
    shown = make_brief("S1", "team", lost=0.08)
    page = shown.page
    hidden = make_brief("S1", "public").page
    gone = [f for n in hidden.facts.names() for f in hidden.facts.find(n) if not f.is_shown]
    assert gone
    html = whole(make_brief("S1", "public"))
    for fact in gone:
        assert f'data-result="{fact.result_id}"' not in html
    assert page.audience == "team"


def test_the_same_results_give_the_same_bytes(html):
    assert whole(make_brief()) == html


def test_a_simulated_pilot_says_so_at_both_ends_and_a_real_one_does_not():
    brief = make_brief()
    assert "Simulated data" in brief.header().html
    assert "simulated" in brief.footer().html
    page = brief.page
    context = page.context.__class__(make_config(simulated=False), {"S1": "A"}, {})
    real = Brief(page.__class__(page.facts, page.prose, context, "S1"))
    assert "Simulated" not in real.header().html + real.footer().html + real.description


def test_the_why_and_its_number_stand_first(html):
    assert "Our English learners end grade 3 &lt;behind&gt;." in html
    assert 'Stated by the school on <time datetime="2025-09-12">' in html
    then = re.search(r"<dt>then</dt><dd>.*?>8.4</data>", html)
    now = re.search(r"<dt>now</dt><dd>.*?>5.1</data>", html)
    assert then
    assert now
    assert then.start() < now.start() < html.index('class="findings"')


def test_findings_follow_their_rules(html):
    headlines = re.findall(r"<li><strong>(.*?)</strong>", html)
    plain = [re.sub(r"<[^>]*>", "", line) for line in headlines]
    assert plain == [
        "The gap this school set out to close is smaller than before.",
        "About half of the students used Readwell 5 as much as planned.",
        "Five of nine teachers would recommend Readwell 5 with a nine or ten of ten.",
        "We cannot tell whether students in classes with Readwell learned more in grade 3 reading.",
        "What teachers say and what else we saw do not quite agree.",
    ]
    assert 3 <= len(plain) <= 5


def test_what_cannot_be_told_stands_beside_what_could_have_been_seen(html):
    words = re.sub(r"<[^>]*>", "", html)
    assert (
        "A true difference of 0.34 standard deviations would have been found four times in five"
        in words
    )
    assert "no effect" not in words
    assert not re.search(r"\bp ?[=<]", words)


def test_cautions_take_their_numbers_from_results(html):
    words = re.sub(r"<[^>]*>", "", html)
    assert "Of the students 8 percent were lost, 14 moved." in words
    assert "Mind the gap." in words


def test_a_missing_instrument_is_one_sentence(html):
    brief = make_brief()
    assert brief.support().html.count("<p") == 1
    assert "Contacts for help were not recorded." in brief.support().html
    assert "Nothing was collected for this part" in brief.goal().html


def rated(*, consent: bool) -> list:
    """A goal of the first school, rated by its point person, and the mean of two schools."""
    keys = {"school_id": "S1", "product_id": "readwell", "category": "G1"}
    flags = (ONE_PERSON, CONSENT) if consent else (ONE_PERSON,)
    kind = ("alignment", "rating", "level", "respondents")
    mean = estimate(2.5, 1.0, 4.0, "scale points (1-4)", 2)
    return [
        result("alignment", "goal", "text", "none", level="1", text="Read more.", **keys),
        result(*kind, 3.0, n=1, level="3", flags=flags, **keys),
        result("alignment", "rating", "mean", "respondents", mean, product_id="readwell"),
    ]


UNRATED = "How well the product fits each goal is not shown here. It is about one person whose "


@pytest.mark.parametrize(
    ("audience", "consent", "words"),
    [
        ("team", False, UNRATED + "role makes them known, and no consent is recorded."),
        ("public", True, UNRATED + "role makes them known."),
        ("team", True, '<td>3</td>'),
    ],
)  # fmt: skip
def test_the_rating_of_one_person_is_hidden_in_words_of_its_own(audience, consent, words):
    brief = make_brief("S1", audience, extra=rated(consent=consent))
    said = brief.goal().html
    assert "Read more." in said
    assert words in said
    assert "too few" not in said
    limits = brief.limits().html
    assert ("no consent is recorded" in limits) == ("no consent" in words)
    assert ("one person by their role is left out" in limits) == (UNRATED in words)


def test_what_hides_the_mean_of_ratings_is_not_told_from_other_small_groups():
    said = make_brief("", extra=rated(consent=False)).goal().html
    assert (
        "The fit of Readwell 5 with the schools’ goals is not shown here. It is about too few "
        "people, or would give such a number away." in said
    )
    assert "consent" not in said


def test_names_of_other_schools_are_not_on_a_school_s_page(html):
    assert "Harbor Street School" in html
    assert "Mill" not in html


def test_a_name_is_escaped_everywhere():
    html = whole(make_brief("S2"))
    assert "Mill &lt;Hill&gt; School" in html
    assert "<Hill>" not in html


def test_prepared_results_read_back_give_the_same_page(tmp_path, html):
    make_prepared().write(tmp_path)
    brief = open_brief("not there", "S1", prepared=tmp_path)
    assert whole(brief) == html
    assert Prepared.read(tmp_path).context.schools["S2"] == "Mill <Hill> School"


def test_days_in_the_configuration_survive_being_prepared(tmp_path):
    ready = make_prepared()
    source = Source(
        file="t.csv", windows={"fall": (date(2025, 9, 1), date(2025, 10, 1))},
        pulled_on=date(2026, 5, 1),
    )  # fmt: skip
    sources = {"schools": (source,), "assessments": (source,)}
    config = ready.context.config.model_copy(update={"sources": sources})
    replace(ready, context=replace(ready.context, config=config)).write(tmp_path)
    assert Prepared.read(tmp_path).context.config.sources == config.sources


def test_what_is_not_known_is_refused_with_the_nearest_name(tmp_path):
    make_prepared().write(tmp_path)
    with pytest.raises(ConfigError, match="Did you mean 'S1'"):
        open_brief("x", "S11", prepared=tmp_path)
    with pytest.raises(ConfigError, match="Did you mean 'readwell'"):
        open_brief("x", "S1", "readwel", prepared=tmp_path)
    with pytest.raises(ConfigError, match="prepared for the audience 'team'"):
        open_brief("x", "S1", audience="public", prepared=tmp_path)
    with pytest.raises(RunError, match="holds no prepared results"):
        open_brief("x", "S1", prepared=tmp_path / "nothing")


@pytest.fixture(scope="module")
def of_a_trial(tmp_path_factory):
    """The brief of a school of Project STAR, opened from a folder that is not the project's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("elsewhere"))
        return open_brief("data/raw/star", "63")


def test_a_relative_folder_is_found_from_anywhere(of_a_trial, tmp_path, monkeypatch):
    assert of_a_trial.title.startswith("School 63: what we learned from")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="no such folder"):
        open_brief("data/raw/nowhere", "63")


def test_a_pilot_is_taken_as_it_is(tmp_path):
    folder = write_small_pilot(tmp_path / "pilot")
    pilot = load_pilot(folder)
    network = open_brief(pilot)
    assert network.page.is_network
    assert "Share of a school’s people whom each table covers" in network.coverage().html
    assert whole(open_brief(pilot, "S1")) == whole(open_brief(folder, "S1"))


def test_a_thin_brief_still_has_three_findings():
    assert make_brief("S1", "public").glance().html.count('class="sure"') >= 3


def test_a_brief_presents_itself_shortly():
    title = "Harbor Street School: what we learned from piloting Readwell 5"
    assert repr(make_brief()) == f"Brief('{title}', school='S1', audience='team')"
    assert "school=all" in repr(make_brief(""))


def test_a_change_beside_then_and_now_says_whom_it_is_over(html):
    assert "Among students tested both times it fell by" in html


def checks(dispute: int, n: int, finding: str = "use_of_it", school: str = "S1") -> list:
    kind = ("member_checks", "responses", "count", "respondents")
    everyone = result_id("member_checks", "respondents", school_id=school)
    counts = {"dispute": dispute, "add": 0, "agree": 2}
    return [
        result(*kind, count, n=n, school_id=school, category=finding, group=response,
               relation=(f"part of {everyone}",))
        for response, count in counts.items()
    ]  # fmt: skip


def everyone(n: int) -> dict:
    return result("member_checks", "respondents", "count", "respondents", n, n=n, school_id="S1")


def test_the_member_check_shows_disputes_first():
    rows = [everyone(7), *checks(0, 7, "learning"), *checks(2, 7)]
    html = make_brief(extra=rows).limits().html
    assert "What the team said about the draft" in html
    table = html[html.index("<tbody>") :]
    assert table.index("Use of it") < table.index("Learning")


@pytest.mark.parametrize(("n", "audience"), [(4, "team"), (7, "public")])
def test_a_member_check_of_few_people_is_not_shown_in_numbers(n, audience):
    html = make_brief("S1", audience, extra=[everyone(n), *checks(2, n)]).limits().html
    assert "How many gave each answer is not shown" in html
    assert "member_checks.responses" not in html


@pytest.fixture(scope="module")
def of_demo(prepared_demo):
    """`of_demo(school)`: its brief for the team."""
    return lambda school: open_brief("data/raw/demo", school, prepared=prepared_demo("team"))


def test_with_two_products_every_part_names_its_own(of_demo):
    two_products = of_demo("S05")
    assert two_products.title.startswith("Saltbox Lane School: what we learned from piloting")
    said = two_products.teachers().html
    assert "Where voices agree about Numera" in said
    assert "Where voices agree about Readwell" in said
    assert "first goal for Numera" in two_products.goal().html


def test_a_trial_that_is_no_pilot_is_not_called_one(of_a_trial):
    words = re.sub(r"<[^>]*>", " ", whole(of_a_trial)).replace("pilot-analysis", "")
    assert "pilot" not in words.lower()
    assert "Net Promoter" not in words


def test_the_limits_speak_of_the_comparisons_of_this_school_alone(of_demo):
    numera, readwell, both = (of_demo(school).limits().html for school in ("S09", "S01", "S05"))
    lost = "comparison for {}."
    assert lost.format("mathematics") in numera
    assert lost.format("reading") not in numera
    assert lost.format("reading") in readwell
    assert lost.format("mathematics") not in readwell
    assert lost.format("reading") in both
    assert lost.format("mathematics") in both


def test_a_states_own_policy_stands_beside_the_pilot(tmp_path):
    folder = write_small_pilot(tmp_path / "pilot")
    with (folder / "pilot.toml").open("a", encoding="utf-8") as config:
        config.write('\n[disclosure]\npublic = "our_state.toml"\n')
    with pytest.raises(DisclosureError, match="our_state"):
        prepare(load_pilot(folder), "public")
    own = resources.files("pilot_analysis.disclosure") / "policies" / "public.toml"
    text = own.read_text(encoding="utf-8").replace('name = "public"', 'name = "our_state"')
    (folder / "our_state.toml").write_text(text, encoding="utf-8")
    assert prepare(load_pilot(folder), "public").protected.policy.name == "our_state"
