import matplotlib as mpl
import numpy as np
import pytest
from report_sample import make_brief

from pilot_analysis.report.claims import Html
from pilot_analysis.report.figures import COLORS
from pilot_analysis.report.interval_plots import plot_change, plot_effects, plot_shares
from pilot_analysis.report.plots import plot_minutes, plot_nps
from pilot_analysis.results import result

CAPTION = Html("Caption.")


@pytest.fixture(scope="module")
def page():
    few = result(
        "usage", "few", "proportion", "students", 0.5, n=4, unit="proportion", school_id="S1"
    )
    return make_brief(extra=[few]).page


@pytest.fixture(scope="module")
def figures(page):
    return draw_all(page)


def draw_all(page):
    weeks = page.own_all("usage.minutes_per_week")
    doses = [(f.category or "all", f) for f in page.own_all("usage.met_dose")]
    scale = page.own_all("teachers.scale", category="ease")
    effect = page.overall("learning.effect")
    own = page.own("learning.school_effect_shrunken")
    return {
        "minutes": plot_minutes(
            "minutes", weeks, weeks, names=("This school", "all"), title="Minutes", caption=CAPTION
        ),
        "shares": plot_shares("shares", doses, title="Shares", caption=CAPTION),
        "nps": plot_nps(
            "nps",
            page.own("recommendation.nps"),
            [-20.0, 33.0],
            name="This school",
            title="Score",
            caption=CAPTION,
        ),
        "change": plot_change(
            "change", [("Ease", scale)], low=1, high=5, title="Scales", caption=CAPTION
        ),
        "effects": plot_effects(
            "effects",
            [("All", effect), ("Here", own)],
            ends=("lower", "higher"),
            title="Effects",
            caption=CAPTION,
        ),
    }


def test_a_description_tells_the_drawn_numbers(figures):
    assert "This school: from 20 in the week of 2025-09-01" in figures["minutes"].alt
    assert "all: 46%, interval 30% to 62%." in figures["shares"].alt
    assert figures["nps"].alt == (
        "Score. This school: +44, interval +4 to +71. Other schools: −20, +33."
    )
    assert figures["change"].alt == "Scales. Ease: first 3.3, last 3.7, interval 3.0 to 4.2."
    assert figures["effects"].alt == (
        "Effects. All: +1.3, interval −2.2 to +4.8. Here: +1.0, interval −2.5 to +4.4."
    )


@pytest.mark.parametrize("name", ["minutes", "shares", "nps", "change", "effects"])
def test_a_drawing_is_named_described_and_takes_the_colors_and_fonts_of_its_page(figures, name):
    figure = figures[name]
    assert f'role="img" aria-labelledby="{name}-title {name}-alt"' in figure.svg
    assert f'<desc id="{name}-alt">{figure.alt}</desc>' in figure.svg
    assert "font-family" not in figure.svg
    for color in COLORS.values():
        assert figure.svg.count(color) == figure.svg.count(f", {color})")
    assert "<style" not in figure.svg
    assert "dc:date" not in figure.svg
    assert len(figure.svg) < 15_000
    assert figure.data


def test_the_same_facts_give_the_same_bytes(page, figures):
    again = draw_all(page)
    assert {k: f.html for k, f in again.items()} == {k: f.html for k, f in figures.items()}


def test_drawing_leaves_the_settings_of_matplotlib_alone(page):
    before = dict(mpl.rcParams)
    draw_all(page)
    assert dict(mpl.rcParams) == before


def test_a_suppressed_value_keeps_its_row_and_says_so(page):
    overall = page.own("usage.met_dose", group="")
    few = page.own("usage.few")
    figure = plot_shares("few", [("All", overall), ("A few", few)], title="T", caption=CAPTION)
    assert "A few: not shown." in figure.alt
    assert "50%" not in figure.alt
    assert figure.svg.count("not shown") == 2  # the description and the row


def test_nothing_to_draw_is_no_figure(page):
    few = page.own("usage.few")
    assert plot_shares("none", [("A few", few)], title="T", caption=CAPTION) is None
    assert plot_nps("none", few, [], name="x", title="T", caption=CAPTION) is None
    assert plot_minutes("m", [few], [], names=("a", "b"), title="T", caption=CAPTION) is None
    assert np.isnan(few.estimate)
