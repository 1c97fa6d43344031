"""index.html: where a reviewer starts."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from pilot_analysis.batch.export import TEMPLATES
from pilot_analysis.pilot import Pilot

__all__ = ["render_index"]

_READERS = {
    "team": "the teams of the schools that took part",
    "public": "everyone",
    "internal": "the people who run this pilot only",
}


def render_index(pilot: Pilot, *, plan: Sequence[str], made: Sequence[str], audience: str) -> str:
    """Return the page that lists the briefs of a run; the same for the same briefs.

    Parameters
    ----------
    pilot : Pilot
    plan, made : sequence of str
        Briefs that the run was to make and those that it made, by their folder. Of the others the
        page says only that there is none.
    audience : {"team", "public", "internal"}

    Returns
    -------
    str
        HTML. Schools stand in the order of their names: this is no league table.
    """
    names = {f"schools/{school}": str(pilot.school(school)["name"]) for school in pilot.schools}
    schools = sorted((name, folder) for folder, name in names.items() if folder in plan)
    return _template().render(
        pilot=pilot.config.pilot,
        report=pilot.config.report,
        readers=_READERS[audience],
        network="network" in made,
        network_planned="network" in plan,
        quality="quality" in made,
        schools=[(name, folder) for name, folder in schools if folder in made],
        without=[name for name, folder in schools if folder not in made],
    )


@cache
def _template() -> Any:
    from jinja2 import Environment, FileSystemLoader

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("run_index.html.j2")
