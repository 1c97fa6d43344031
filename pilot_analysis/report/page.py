"""`Page`: whose brief it is, the facts it may use, and the names around them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pilot_analysis.config import PilotConfig
from pilot_analysis.report.claims import Html, Label, Prose, recorded
from pilot_analysis.report.facts import Fact, Facts
from pilot_analysis.report.wording import INSTRUMENTS, listed

__all__ = ["Context", "Page"]


@dataclass(frozen=True, slots=True)
class Context:
    """What stands around the results: names, configuration, provenance; no number of a result.

    Attributes
    ----------
    config : PilotConfig
    schools, products : mapping of str to str
        Id -> name as printed.
    files : tuple of mapping
        table, file and keyed_hash of every file that was read.
    versions : mapping of str to str
        Package -> version.
    commit : str
        Version of the code; "" outside a checkout.
    waves : tuple of str
        Waves of the surveys, in the order in which they were answered.
    """

    config: PilotConfig
    schools: Mapping[str, str]
    products: Mapping[str, str]
    files: tuple[Mapping[str, str], ...] = ()
    versions: Mapping[str, str] | None = None
    commit: str = ""
    waves: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """One brief in the making; the sections are functions of it.

    Attributes
    ----------
    facts, prose : Facts, Prose
        The results that may be used, and who writes them.
    context : Context
    school_id, product_id : str
        Blank school_id: the network's brief. Blank product_id: every product of the school.
    audience : {"team", "public", "internal"}
    """

    facts: Facts
    prose: Prose
    context: Context
    school_id: str = ""
    product_id: str = ""
    audience: str = "team"

    @property
    def config(self) -> PilotConfig:
        """The pilot's configuration."""
        return self.context.config

    @property
    def is_network(self) -> bool:
        """Whether the brief is about all schools together."""
        return not self.school_id

    @property
    def here(self) -> str:
        """Whom the brief is about: "this school" or "all schools together"."""
        return "all schools together" if self.is_network else "this school"

    @property
    def called(self) -> Label:
        """What the pilot is, in the middle of a sentence: "software pilot", "class-size trial"."""
        return Label(self.config.pilot.called)

    @property
    def name(self) -> Label:
        """Name of the school, or the pilot's title."""
        title = self.config.pilot.title
        return Label(title if self.is_network else self.context.schools[self.school_id])

    @property
    def intervention(self) -> Label:
        """What students were given, in the middle of a sentence."""
        return Label(self.config.pilot.intervention)

    @property
    def products(self) -> list[str]:
        """The products that this brief is about, those with the school's own results."""
        seen = {
            fact.product_id
            for name in (
                "usage.funnel",
                "recommendation.nps",
                "recommendation.decision",
                "alignment.rating",
                "teachers.scale",
                "scorecard.verdict",
            )
            for fact in self.own_all(name)
            if fact.product_id
        }
        return [p for p in self.context.products if p in seen and self.product_id in ("", p)]

    def product(self, product_id: str) -> Label:
        """Name of a product; what students were given, if there is none."""
        return Label(self.context.products[product_id]) if product_id else self.intervention

    def about(self, product_id: str) -> Html:
        """Return " about Readwell" where this brief is about more than one product."""
        if len(self.products) < 2 or not product_id:
            return Html("")
        return self.prose.sentence(" about {name}", name=self.product(product_id))

    def arm(self, name: str) -> Label:
        """Label of an arm of the comparison."""
        arms = self.config.design.arms
        return Label(arms[name].label if name in arms else name)

    @property
    def reference(self) -> Label:
        """Label of the reference arm."""
        return self.arm(self.config.design.reference)

    def outcome(self, name: str) -> Label:
        """Label of an outcome, or of the survey scale of that name."""
        named = self.config.outcomes.get(name) or self.config.scales.get(name)
        return Label(named.label if named else name)

    def item(self, name: str) -> Label:
        """Question of a survey or observation item."""
        return Label(self.config.items[name].question if name in self.config.items else name)

    def group(self, name: str, *, reference: bool = False) -> Label:
        """One side of a group column: those in it, or those they are compared with."""
        if name not in self.config.groups:
            return Label("everyone else" if reference else name.replace("_", " ") or "students")
        group = self.config.groups[name]
        return Label(group.reference_label if reference else group.label)

    def own(self, name: str, **keys: Any) -> Fact | None:
        """Return the fact of this brief's school (or of the network, in its own brief)."""
        return self.facts.one(name, school_id=self.school_id, **keys)

    def own_all(self, name: str, **keys: Any) -> list[Fact]:
        """Return the facts of this brief's school (or of the network, in its own brief)."""
        return self.facts.find(name, school_id=self.school_id, **keys)

    def network(self, name: str, **keys: Any) -> Fact | None:
        """Return the fact of all schools together; None in the network's own brief."""
        return None if self.is_network else self.facts.one(name, school_id="", **keys)

    def overall(self, name: str, **keys: Any) -> Fact | None:
        """Return the fact of all schools together, in every brief."""
        return self.facts.one(name, school_id="", **keys)

    def overall_all(self, name: str, **keys: Any) -> list[Fact]:
        """Return the facts of all schools together, in every brief."""
        return self.facts.find(name, school_id="", **keys)

    def beside(self, name: str, **keys: Any) -> Html:
        """Return " (all schools: 5)" for a school's brief, or nothing."""
        fact = self.network(name, **keys)
        if fact is None or not fact.has("estimate"):
            return Html("")
        return self.prose.sentence(" (all schools: {all})", all=fact)

    def by_wave(self, facts: list[Fact]) -> list[Fact]:
        """Return facts in the order of the survey's waves."""
        order = {wave: i for i, wave in enumerate(self.context.waves)}
        return sorted(facts, key=lambda fact: order.get(fact.time, len(order)))

    def not_collected(self, section: str) -> Html:
        """Return the sentence that stands in place of what a section lacks."""
        found = self.own_all(f"{section}.not_collected") or self.overall_all(
            f"{section}.not_collected"
        )
        said = list(dict.fromkeys(recorded(f.value_text) for f in found if f.value_text))
        if len(said) > 2:
            names = dict.fromkeys(INSTRUMENTS.get(f.category, f.category) for f in found)
            said = [self.prose.sentence("Not collected: {names}.", names=listed(list(names)))]
        return Html(f'<p class="absent">{" ".join(said)}</p>') if said else Html("")

    def absences(self) -> list[Fact]:
        """Return every "not collected" that touches this brief."""
        names = sorted(n for n in self.facts.names() if n.endswith(".not_collected"))
        return [f for n in names for f in self.facts.find(n) if f.school_id in ("", self.school_id)]
