"""`open_brief` and `Brief`: what the notebooks call, one method per section."""

import difflib
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path

import pilot_analysis
from pilot_analysis.disclosure import ProtectedResults
from pilot_analysis.errors import ConfigError
from pilot_analysis.pilot import Pilot, load_pilot
from pilot_analysis.report.claims import Fragment, Html, Prose, escape
from pilot_analysis.report.facts import Facts
from pilot_analysis.report.page import Page
from pilot_analysis.report.prepared import Prepared, prepare
from pilot_analysis.report.sections.coverage import coverage
from pilot_analysis.report.sections.flow import flow
from pilot_analysis.report.sections.glance import glance
from pilot_analysis.report.sections.goal import goal
from pilot_analysis.report.sections.header import description, footer, header, title
from pilot_analysis.report.sections.how_we_know import how_we_know
from pilot_analysis.report.sections.learning import learning
from pilot_analysis.report.sections.limits import limits
from pilot_analysis.report.sections.oddities import oddities
from pilot_analysis.report.sections.participation import participation
from pilot_analysis.report.sections.quality import (
    ledger,
    quality,
    quality_description,
    quality_header,
    quality_title,
)
from pilot_analysis.report.sections.recommend import recommend
from pilot_analysis.report.sections.support import support
from pilot_analysis.report.sections.teachers import teachers
from pilot_analysis.report.sections.use import use

__all__ = ["Brief", "open_brief"]


_NOTHING = Html('<p class="absent">Nothing was collected for this part of the brief.</p>')


@dataclass(frozen=True, slots=True, repr=False)
class Brief:
    """One brief: every method returns a section that Jupyter shows as HTML.

    Attributes
    ----------
    page : Page
        Whose brief it is and the protected results that it may use.
    protected : ProtectedResults or None
        Those of every school, for `coverage` and `flow` in the network's brief; None in a
        school's.
    """

    page: Page
    protected: ProtectedResults | None = None

    @property
    def title(self) -> str:
        """Title of the page."""
        return title(self.page)

    @property
    def language(self) -> str:
        """Language of the page."""
        return "en"

    @property
    def description(self) -> str:
        """One sentence about the page, for its head."""
        return description(self.page)

    def header(self) -> Fragment:
        """Show what this is, the school's own why, and its number then and now."""
        return self._made(header)

    def glance(self) -> Fragment:
        """Show three to five findings and the scorecard."""
        return self._made(glance)

    def participation(self) -> Fragment:
        """Show who took part, and the conditions."""
        return self._made(participation)

    def goal(self) -> Fragment:
        """Show what the school wanted, and whether the product serves it."""
        return self._made(goal)

    def support(self) -> Fragment:
        """Show training, calls for help, and how fast it came."""
        return self._made(support)

    def use(self) -> Fragment:
        """Show the way from license to dose, minutes by week, and who met the dose."""
        return self._made(use)

    def teachers(self) -> Fragment:
        """Show what teachers said and observers saw."""
        return self._made(teachers)

    def recommend(self) -> Fragment:
        """Show whether teachers would recommend it, and the decision."""
        return self._made(recommend)

    def learning(self) -> Fragment:
        """Show whether students learned more."""
        return self._made(learning)

    def limits(self) -> Fragment:
        """Show what we cannot say, and questions to talk about."""
        return self._made(limits)

    def how_we_know(self) -> Fragment:
        """Show files, methods, settings, what is not shown, words, how to cite."""
        return self._made(how_we_know)

    @property
    def quality_title(self) -> str:
        """Title of the page on data quality."""
        return quality_title(self.page)

    @property
    def quality_description(self) -> str:
        """One sentence about the page on data quality, for its head."""
        return quality_description(self.page)

    def quality_header(self) -> Fragment:
        """Show what the page on data quality is."""
        return self._made(quality_header)

    def quality(self) -> Fragment:
        """Show the state of the data in a few sentences."""
        return self._made(quality)

    def ledger(self) -> Fragment:
        """Show rows read, set aside and kept, why, and how tables find one another."""
        return self._made(ledger)

    def coverage(self) -> Fragment:
        """Show whom each instrument reaches at each school, and what was not collected."""
        return self._made(coverage, self._of_every_school())

    def flow(self) -> Fragment:
        """Show where students were lost between the class list and the last test."""
        return self._made(flow, self._of_every_school())

    def oddities(self) -> Fragment:
        """Show what looked odd, what was done about it, and what to do next."""
        return self._made(oddities)

    def footer(self) -> Fragment:
        """Show the last lines of the page."""
        return self._made(footer)

    def _of_every_school(self) -> Page:
        """Return the page with the results of every school, where this brief may use them."""
        if self.protected is None:
            return self.page
        everything = Facts(self.protected)
        return replace(self.page, facts=everything, prose=Prose(everything))

    def _made(self, section: Callable[[Page], Html], page: Page | None = None) -> Fragment:
        made = section(page or self.page) or _NOTHING
        return Fragment(f'<div class="brief">\n{made}\n</div>')

    def __repr__(self) -> str:
        school = repr(self.page.school_id) if self.page.school_id else "all"
        return f"Brief({self.title!r}, school={school}, audience={self.page.audience!r})"

    def _repr_html_(self) -> str:
        """Return the look of the sections for JupyterLab; an exported page brings its own."""
        style = resources.files(pilot_analysis) / "batch" / "templates" / "brief" / "brief.css"
        css = style.read_text(encoding="utf-8")
        opened = f"<p>Opened: {escape(self.page.name)}</p>"
        # a reader who prefers dark pages may still use a light JupyterLab, and the other way round
        css += ".brief { color: var(--ink); background: var(--paper); font-family: var(--sans); }\n"
        return f"<style>@scope (.jp-OutputArea) {{\n{css}}}</style>\n{opened}"


def open_brief(
    pilot: Pilot | str | Path,
    school_id: str | None = None,
    product_id: str | None = None,
    audience: str = "team",
    prepared: str | Path | None = None,
) -> Brief:
    """Open the brief of a school, or of the whole network.

    Parameters
    ----------
    pilot : Pilot, str or Path
        A pilot, or its folder. A relative folder is looked for in the current folder and then in
        the project's root, since JupyterLab starts in the notebook's folder and papermill in the
        caller's.
    school_id : str, optional
        Blank: all schools together.
    product_id : str, optional
        Blank: every product of the school.
    audience : {"team", "public", "internal"}
        Who may read it.
    prepared : str or Path, optional
        Folder that `Prepared.write` wrote; blank: the same thing is computed.

    Returns
    -------
    Brief

    Raises
    ------
    ConfigError
        The pilot, school, product or audience is not known; the message names the nearest.
    RunError
        `prepared` holds no results.
    """
    if prepared:
        ready = Prepared.read(_find(prepared), school_id or None)
        if ready.audience != audience:
            raise ConfigError(
                f"{prepared}: was prepared for the audience {ready.audience!r}, not "
                f"{audience!r}. Prepare it for that audience."
            )
    else:
        ready = prepare(pilot if isinstance(pilot, Pilot) else load_pilot(_find(pilot)), audience)
    school_id, product_id = school_id or "", product_id or ""
    _require_known("school", school_id, ready.context.schools)
    _require_known("product", product_id, ready.context.products)
    facts = Facts(ready.protected.for_brief(school_id, product_id or None))
    page = Page(facts, Prose(facts), ready.context, school_id, product_id, audience)
    return Brief(page, None if school_id else ready.protected)


def _find(folder: str | Path) -> Path:
    """Return a folder, tried against the current folder and against the project's root."""
    folder = Path(folder)
    if folder.is_absolute() or folder.exists():
        return folder
    for start in (Path(pilot_analysis.__file__).resolve().parent, Path.cwd()):
        for parent in (start, *start.parents):
            if (parent / "pyproject.toml").is_file() and (parent / folder).exists():
                return parent / folder
    return folder


def _require_known(what: str, name: str, known) -> None:
    if name and name not in known:
        near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.3)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ConfigError(
            f"{what}_id {name!r}: this pilot has no such {what}. It has "
            f"{', '.join(sorted(known))}.{hint}"
        )
