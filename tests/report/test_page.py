"""The exported page: our template around the sections of a brief."""

import re
from pathlib import Path

import nbformat
import pytest
from page_export import export
from page_in_browser import look_at
from page_parser import PageParser
from report_sample import make_brief

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


@pytest.fixture(scope="module")
def html():
    return export(make_brief())


def test_a_page_is_sound(html):
    parsed = PageParser(html)
    assert parsed.headings.count(1) == 1
    for before, after in zip(parsed.headings, parsed.headings[1:], strict=False):
        assert after <= before + 1
    assert len(parsed.ids) == len(set(parsed.ids))
    assert set(parsed.referred) <= set(parsed.ids)
    for landmark in ("header", "nav", "main", "footer"):
        assert parsed.tags.count(landmark) == 1


def test_a_page_needs_nothing_but_itself_and_runs_nothing(html):
    assert "<script" not in html
    assert "@import" not in html
    assert not re.search(r'(src|href)="(?!#)', html)
    assert "url(http" not in html


def test_a_page_names_itself_and_its_language(html):
    assert '<html lang="en">' in html
    assert "<title>Harbor Street School: what we learned from piloting Readwell 5</title>" in html
    assert re.search(r'<meta[^>]*content="Simulated data. Research brief for Harbor Street', html)


def test_a_page_shows_no_code_and_every_part_of_the_notebook(html):
    assert "open_brief" not in html
    assert "data/raw" not in html
    notebook = nbformat.read(NOTEBOOKS / "02_school_brief.ipynb", as_version=4)
    parts = [c.source[3:] for c in notebook.cells if c.source.startswith("## ")]
    assert re.findall(r'<h2 id="part-\d+">(.*?)</h2>', html) == parts
    assert re.findall(r'<li><a href="#part-\d+">(.*?)</a></li>', html) == parts


def test_a_notebook_without_a_header_keeps_its_own_title():
    html = export(make_brief(""), "01_data_quality", without="header")
    assert "<h1>Data quality: what was read, set aside and kept</h1>" in html
    PageParser(html)


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_a_browser_finds_no_barrier_and_nothing_sticks_out(browser, html, tmp_path, scheme, width):
    page_file = tmp_path / "brief.html"
    page_file.write_text(html, encoding="utf-8")
    barriers, sticking_out, small = look_at(browser, page_file, scheme=scheme, width=width)
    assert barriers == ""
    assert sticking_out <= 0
    assert small == 0
