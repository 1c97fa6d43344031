"""How we know: files, methods actually used, settings, suppression, glossary, how to cite."""

from pilot_analysis.disclosure import RULES
from pilot_analysis.report.claims import Html, Label, escape
from pilot_analysis.report.methods import GLOSSARY, METHODS, SETTINGS
from pilot_analysis.report.page import Page
from pilot_analysis.report.sections.learning import compared
from pilot_analysis.report.sections.learning_table import groups_table, means_table
from pilot_analysis.report.sections.teachers import items_table, observed_table
from pilot_analysis.report.tables import details, items, paragraph, section, table
from pilot_analysis.report.wording import INSTRUMENTS, month_name, not_comparable

__all__ = ["how_we_know"]


def how_we_know(page: Page) -> Html:
    """Return the appendix: parts that open on demand, and are open on paper."""
    return section(
        details("Where the numbers come from", _files(page), _versions(page)),
        details("Methods used in this brief", _methods(page)),
        details("What was decided beforehand", _settings(page)),
        details("What is not shown, and why", _suppression(page)),
        details("The numbers behind the pictures", *_numbers(page)),
        details("Words used here", _glossary(page)),
        details("How to cite this brief", *_citation(page)),
    )


def _files(page: Page) -> Html:
    rows = [
        [
            Label(file["file"]),
            Label(INSTRUMENTS.get(file["table"], file["table"])),
            _rows_of(page, file, "read"),
            _rows_of(page, file, "set aside"),
            Html(f"<code>{escape(Label(file['keyed_hash']))}</code>"),
        ]
        for file in page.context.files
    ]
    return section(
        table(
            "Files that were read",
            ["File", "Holds", "Rows", "Set aside", "Fingerprint"],
            rows,
            words=(1, 4),
        ),
        Html(
            '<p class="note">A fingerprint changes when a file changes. It is keyed: without the '
            "key, nobody can check a guess at what a file holds.</p>"
        )
        if rows
        else Html(""),
    )


def _rows_of(page: Page, file, step: str) -> Html:
    found = page.overall_all("quality.rows", category=file["table"], time=step, group=file["file"])
    return page.prose.cell(found[0] if found else None)


def _versions(page: Page) -> Html:
    versions = ", ".join(f"{name} {v}" for name, v in (page.context.versions or {}).items())
    code = f" Code version {page.context.commit}." if page.context.commit else ""
    return paragraph(escape(Label(f"Made with {versions}.{code}"))) if versions else Html("")


def _methods(page: Page) -> Html:
    used = {
        f.method
        for name in page.facts.names()
        for f in page.facts.find(name)
        if f.method and f.is_shown
    }
    said = {METHODS.get(method, Label(method.replace("_", " "))): None for method in sorted(used)}
    cautions = dict.fromkeys(not_comparable(f) for f in page.facts.find("recommendation.nps"))
    explained = [escape(words if isinstance(words, Label) else Label(words)) for words in said]
    return items([*explained, *cautions])


def _settings(page: Page) -> Html:
    rows = []
    for name, (words, source, needed) in SETTINGS.items():
        fact = page.overall(f"parameters.{name}")
        if fact is not None and _is_in(page, needed):
            rows.append([words, page.prose.cell(fact), Label(source(page.config))])
    return table("Settings", ["Setting", "Value", "Source"], rows, words=(2,))


def _suppression(page: Page) -> Html:
    rules = sorted(page.facts.rules())
    if not rules:
        return paragraph(Html("Nothing was left out of this brief."))
    said = [escape(Label(RULES.get(rule, rule))) for rule in rules]
    return section(
        paragraph(
            Html(
                "Where a page would say too much about a few people, it says [c] or “not shown” "
                "instead. In this brief numbers were left out because:"
            )
        ),
        items(list(dict.fromkeys(said))),
    )


def _numbers(page: Page) -> list[Html]:
    pairs = compared(page)
    made = []
    for outcome in dict.fromkeys(outcome for outcome, _ in pairs):
        arms = [arm for name, arm in pairs if name == outcome]
        made += [means_table(page, outcome), groups_table(page, outcome, arms)]
    made += [items_table(page, product) for product in page.products]
    if page.is_network:
        made += [observed_table(page, product) for product in page.products]
    for product in page.products:
        own = page.own_all("usage.minutes_per_week", product_id=product)
        network = (
            {}
            if page.is_network
            else {f.time: f for f in page.overall_all("usage.minutes_per_week", product_id=product)}
        )
        rows = []
        for fact in sorted(own, key=lambda f: f.time):
            week = Label(f"{int(fact.time[8:10])} {month_name(fact.time)}")
            cells = [page.prose.cell(fact)]
            rows.append(
                [week, *cells]
                if page.is_network
                else [week, *cells, page.prose.cell(network.get(fact.time))]
            )
        columns = (
            ["Week of", "All schools"]
            if page.is_network
            else ["Week of", "This school", "All schools"]
        )
        caption = page.prose.sentence(
            "Minutes a week per student with a license: {product}", product=page.product(product)
        )
        made.append(table(caption, columns, rows))
    return made


def _glossary(page: Page) -> Html:
    terms = "".join(
        f"<dt>{escape(term)}</dt><dd>{escape(meaning)}</dd>"
        for term, meaning, name in GLOSSARY
        if _is_in(page, name)
    )
    return Html(f"<dl>{terms}</dl>")


def _is_in(page: Page, name: str) -> bool:
    """Return whether the brief has results whose name starts so; an absence is none."""
    names = (n for n in page.facts.names() if not n.endswith(".not_collected"))
    return any(n.startswith(name) for n in names)


def _citation(page: Page) -> list[Html]:
    pilot, report = page.config.pilot, page.config.report
    whom = pilot.title if page.is_network else f"{page.name.text}. {pilot.title}"
    period = f", {pilot.period}" if pilot.period else ""
    kind = "network research brief" if page.is_network else "school research brief"
    version = (page.context.versions or {}).get("pilot-analysis", "")
    own = Label(f"{whom}{period}: {kind}, made with pilot-analysis {version}".rstrip() + ".")
    if not report.citation:
        return [paragraph(escape(own))]
    data = page.prose.sentence("Data: {citation}", citation=Label(report.citation))
    return [paragraph(escape(own)), paragraph(data)]
