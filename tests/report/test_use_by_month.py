"""Where an export tells of months, the brief says so, and never speaks of weeks that were known."""

import pytest
from pilot_fixtures import write_small_pilot

from pilot_analysis.report import open_brief

MONTHS = ("2025-10-01", "2025-11-01", "2025-12-01")
CALENDAR = "scope_id,begin,end,kind\n" + "".join(
    f"{school},2025-10-01,2025-12-19,term\n" for school in ("S1", "S2")
)


@pytest.fixture
def page(tmp_path, monkeypatch):
    """`page(by_month)`: the section on use of one school."""
    monkeypatch.setenv("PILOT_ANALYSIS_KEY_FILE", str(tmp_path / "key"))

    def make(by_month):
        folder = write_small_pilot(tmp_path / f"small-{by_month}")
        toml = (folder / "pilot.toml").read_text()
        calendar = '[sources]\ncalendar = { file = "calendar.csv" }\n'
        (folder / "pilot.toml").write_text(toml.replace("[sources]\n", calendar))
        (folder / "calendar.csv").write_text(CALENDAR)
        if by_month:
            rows = (folder / "usage.csv").read_text().replace(",week,", ",month,")
            for week, month in zip(("10-06", "10-13", "10-20"), MONTHS, strict=True):
                rows = rows.replace(f"2025-{week}", month)
            (folder / "usage.csv").write_text(rows)
        return open_brief(folder, "S1", audience="internal").use().html

    return make


def test_use_by_month_is_called_so(page):
    html = page(True)
    assert "month by month" in html
    assert "week by week" not in html
    assert "a month counts with all its weeks of term if its average week was enough" in html
    assert "each point is the average week of a month" in html
    assert "Minutes of use by month" in html


def test_use_by_week_is_not(page):
    html = page(False)
    assert "week by week" in html
    assert "The export tells of months" not in html
