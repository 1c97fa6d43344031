"""A page as a browser finds it: barriers to access, and what sticks out of the window."""

__all__ = ["look_at"]


def look_at(browser, file, *, scheme="light", width=1280):
    """Return what axe complains of with everything opened, and the overhang in CSS pixels."""
    from axe_playwright_python.sync_playwright import Axe

    with browser.new_context(
        color_scheme=scheme, viewport={"width": width, "height": 900}
    ) as context:
        page = context.new_page()
        page.goto(file.as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        found = Axe().run(page)
        sticking_out = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        small = page.evaluate(
            "[...document.querySelectorAll('figure svg text')].map(t => t.getBoundingClientRect())"
            ".filter(r => r.width > 0 && Math.min(r.height, r.width * 9) < 8).length"
        )
    return found.generate_report() if found.violations_count else "", sticking_out, small
