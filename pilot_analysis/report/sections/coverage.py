"""Whom each instrument reaches: the map of schools by instruments, and what was not collected."""

from pilot_analysis.report.claims import Html, Label, recorded
from pilot_analysis.report.coverage_plot import plot_coverage
from pilot_analysis.report.facts import Fact
from pilot_analysis.report.page import Page
from pilot_analysis.report.tables import details, items, pair, paragraph, section, table
from pilot_analysis.report.wording import capitalized

__all__ = ["coverage"]

_SHORT = {
    "enrollments": "class lists",
    "assignments": "groups",
    "licenses": "licenses",
    "goals": "goals",
    "whys": "reasons",
    "assessments": "tests",
    "usage": "use",
    "calendar": "calendar",
    "survey_responses": "teacher survey",
    "observations": "observations",
    "support_log": "support log",
    "professional_development": "training",
    "decisions": "decisions",
    "shadow_days": "shadow days",
    "member_checks": "draft check",
}
_RANGES = " ≥ or ≤: so near to everyone or nobody that the table gives a range."
_MOST_ROWS = 20  # schools in one drawing


def coverage(page: Page) -> Html:
    """Return the map of what covers which school, the same as a table, and what is missing."""
    facts = page.facts.find("quality.coverage")
    known = [f for f in facts if not (f.has("estimate") and f.estimate == 0)]
    tables = [name for name in _SHORT if any(f.category == name for f in known)]
    cells: dict[str, dict[str, Fact]] = {}
    for fact in facts:
        cells.setdefault(fact.school_id, {})[fact.category] = fact
    schools = [
        (name, cells[school]) for school, name in page.context.schools.items() if school in cells
    ]
    if not schools or not tables:
        return _absent(page)
    return section(
        paragraph(
            Html(
                "Class lists and tests should know every student of a school, licenses those in a "
                "class that was given a product, and use those with a license. The survey should "
                "know the teachers who were asked, observations and training those who teach with "
                "a product. The others are there for a school, or not."
            )
        ),
        _maps(schools, tables),
        details("The same as a table", _table(page, schools, tables)),
        _absent(page),
    )


def _maps(schools: list[tuple[str, dict[str, Fact]]], tables: list[str]) -> Html:
    caption = Html(
        "A dark square: everyone (in whole percents). A number: percent of those whom the "
        "instrument should know. An empty square: nobody."
        + (_RANGES if any(f.is_range for _, cells in schools for f in cells.values()) else "")
    )
    parts = [schools[i : i + _MOST_ROWS] for i in range(0, len(schools), _MOST_ROWS)]
    figures = [
        plot_coverage(
            f"coverage-{'abcdefghijklmnopqrstuvwxyz'[number % 26]}{number // 26 or ''}",
            part,
            {name: _SHORT[name] for name in tables},
            title="Whom each instrument reaches, by school",
            caption=caption,
        )
        for number, part in enumerate(parts)
    ]
    made = [figure.html for figure in figures if figure is not None]
    return made[0] if len(made) == 1 else pair(*made)


def _table(page: Page, schools: list[tuple[str, dict[str, Fact]]], tables: list[str]) -> Html:
    rows = [
        [Label(name), *(page.prose.cell(cells.get(table_name)) for table_name in tables)]
        for name, cells in schools
    ]
    columns = ["School", *(capitalized(_SHORT[name]) for name in tables)]
    return table("Share of a school’s people whom each table covers", columns, rows)


def _absent(page: Page) -> Html:
    said = dict.fromkeys(recorded(f.value_text) for f in page.absences() if f.value_text)
    return section(Html("<h3>Not collected</h3>"), items(list(said))) if said else Html("")
