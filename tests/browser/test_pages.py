"""The finished pages as readers meet them: in a browser, on a phone, in the dark, on paper."""

import contextlib
from pathlib import Path

import pytest

from pilot_analysis.batch import run, run_briefs

ROOT = Path(__file__).parents[2]
PAGES = ("demo/index", "demo/schools/S03", "demo/network", "star/schools/63")
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def pages(browser, zygote, tmp_path_factory):
    """Folder of each page: a small run of both pilots, unless there is no browser to open them."""
    out = tmp_path_factory.mktemp("reports")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "Zygote", lambda: contextlib.nullcontext(zygote))
        demo = run_briefs(ROOT / "data/raw/demo", out=out, jobs=1)
        star = run_briefs(ROOT / "data/raw/star", out=out, schools=["63"], jobs=1)
    assert not demo.failed
    assert not star.failed
    files = {"demo/index": demo.folder / "index.html"}
    for done, names in ((demo, ("schools/S03", "network")), (star, ("schools/63",))):
        pilot = done.folder.parent.name
        files |= {f"{pilot}/{name}": done.folder / name / "brief.html" for name in names}
    return files


@pytest.fixture
def open_page(browser, pages):
    contexts = []

    def opened(name, **options):
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.asked = []
        page.on("request", lambda request: page.asked.append(request.url))
        page.told = []
        page.on("console", lambda message: page.told.append(message.text))
        page.goto(pages[name].as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_barrier(open_page, name, scheme):
    from axe_playwright_python.sync_playwright import Axe

    page = open_page(name, color_scheme=scheme, viewport={"width": 1280, "height": 900})
    # what stands in a closed <details> must pass too
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    found = Axe().run(page, options=RULES)
    assert found.response["violations"] == [], found.generate_report()


@pytest.mark.parametrize("name", PAGES)
def test_a_phone_needs_no_sideways_scrolling(open_page, name):
    page = open_page(name, viewport={"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("name", PAGES)
def test_text_in_figures_stays_readable_on_a_phone(open_page, name):
    page = open_page(name, viewport={"width": 360, "height": 740})
    sizes = page.evaluate(
        "[...document.querySelectorAll('figure svg text')].map(t => t.getBoundingClientRect())"
        ".filter(r => r.width > 0).map(r => Math.min(r.height, r.width * 9))"
    )
    assert all(size >= 8 for size in sizes), min(sizes)


@pytest.mark.parametrize("name", PAGES)
def test_the_page_asks_for_nothing_and_runs_nothing(open_page, pages, name):
    page = open_page(name)
    assert page.asked == [pages[name].as_uri()]
    assert page.told == []
    assert page.locator("script").count() == 0


@pytest.mark.parametrize("name", PAGES)
def test_the_page_has_a_language_a_title_one_h1_and_landmarks(open_page, name):
    page = open_page(name)
    assert page.locator("html").get_attribute("lang") == "en"
    assert len(page.title()) > 10
    assert page.locator("h1").count() == 1
    for landmark in ("banner", "main", "contentinfo"):
        assert page.get_by_role(landmark).count() == 1, landmark


@pytest.mark.parametrize("name", [p for p in PAGES if p.startswith("demo")])
def test_every_page_of_a_simulated_pilot_says_so(open_page, name):
    page = open_page(name)
    assert "simulated" in page.locator("header").first.inner_text().lower()
    assert "simulated" in page.locator("footer").inner_text().lower()


def test_no_page_of_a_real_trial_calls_itself_simulated(open_page):
    assert "simulated" not in open_page("star/schools/63").inner_text("body").lower()


@pytest.mark.parametrize("name", [p for p in PAGES if "index" not in p])
def test_the_body_prints_on_five_pages_at_most(open_page, name):
    page = open_page(name)
    # the appendix (how we know) does not count
    page.add_style_tag(content=".appendix{display:none!important}")
    printed = page.pdf(prefer_css_page_size=True)
    assert 1 <= printed.count(b"/Type /Page\n") <= 5
