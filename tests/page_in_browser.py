"""A page as a browser finds it: barriers to access, and what sticks out of the window."""

import shutil

import pytest

__all__ = ["CHROMIUM", "look_at"]

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


def look_at(file, *, scheme="light", width=1280):
    """Return what axe complains of with everything opened, and the overhang in CSS pixels."""
    if not CHROMIUM:
        pytest.skip("Chromium is not installed: the page was not checked in a browser.")
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(color_scheme=scheme, viewport={"width": width, "height": 900})
        page.goto(file.as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        found = Axe().run(page)
        sticking_out = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        small = page.evaluate(
            "[...document.querySelectorAll('figure svg text')].map(t => t.getBoundingClientRect())"
            ".filter(r => r.width > 0 && Math.min(r.height, r.width * 9) < 8).length"
        )
        browser.close()
    return found.generate_report() if found.violations_count else "", sticking_out, small
