"""`Prepared`: what a run computes once and every brief of it reads."""

import difflib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pilot_analysis.config import PilotConfig
from pilot_analysis.disclosure import (
    DisclosurePolicy,
    Linear,
    Product,
    ProtectedResults,
    protect,
)
from pilot_analysis.disclosure.relations import relations_of
from pilot_analysis.disclosure.relations_file import write_relations
from pilot_analysis.errors import ConfigError, RunError
from pilot_analysis.evaluation import evaluate
from pilot_analysis.evaluation.scale_scores import waves_in_order
from pilot_analysis.pilot import Pilot
from pilot_analysis.provenance import git_commit, versions
from pilot_analysis.report.page import Context

__all__ = ["Prepared", "prepare"]

_AUDIENCES = ("team", "public", "internal")
_CONTEXT = "context.json"


@dataclass(frozen=True, slots=True)
class Prepared:
    """Protected results and what stands around them, for one audience.

    Attributes
    ----------
    protected : ProtectedResults
    context : Context
    audience : {"team", "public", "internal"}
    relations : tuple of Linear or Product
        How the results hang together, for the audit of a run; a brief needs none, so that `read`
        leaves them out.
    """

    protected: ProtectedResults
    context: Context
    audience: str
    relations: tuple[Linear | Product, ...] = ()

    def write(self, folder: str | Path) -> None:
        """Write the results (Parquet), ``relations.json`` and ``context.json`` to `folder`."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.protected.write(folder)
        write_relations(self.relations, folder)
        context = self.context
        values = {
            "audience": self.audience,
            "config": context.config.model_dump(mode="json")
            | {"folder": context.config.folder.name},
            "schools": dict(context.schools),
            "products": dict(context.products),
            "files": [dict(file) for file in context.files],
            "versions": dict(context.versions or {}),
            "commit": context.commit,
            "waves": list(context.waves),
        }
        text = json.dumps(values, indent=1, ensure_ascii=False)
        (folder / _CONTEXT).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: str | Path, school_id: str | None = None) -> "Prepared":
        """Read what `write` wrote; with `school_id` only what that school's brief needs.

        Raises
        ------
        RunError
            The folder holds no prepared results.
        """
        path = Path(folder) / _CONTEXT
        if not path.is_file():
            raise RunError(
                f"{folder}: holds no prepared results (no {_CONTEXT}). Leave `prepared` "
                "empty to compute them, or give the folder that a run wrote."
            )
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        context = Context(
            # what was written has been checked; JSON knows neither days nor tuples
            config=PilotConfig.model_validate(values["config"], strict=False),
            schools=values["schools"],
            products=values["products"],
            files=tuple(values["files"]),
            versions=values["versions"],
            commit=values["commit"],
            waves=tuple(values["waves"]),
        )
        return cls(ProtectedResults.read(folder, school_id), context, values["audience"])


def prepare(pilot: Pilot, audience: str = "team") -> Prepared:
    """Evaluate a pilot and hand the results through the disclosure gate, all schools at once.

    Parameters
    ----------
    pilot : Pilot
        From `load_pilot`.
    audience : {"team", "public", "internal"}
        Who may read the briefs; the config names the policy of each.

    Raises
    ------
    ConfigError
        There is no such audience.
    DisclosureError
        The policy is a file that is missing or not understood, or no rule covers a result.
    """
    if audience not in _AUDIENCES:
        near = difflib.get_close_matches(audience, _AUDIENCES, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else "."
        raise ConfigError(f"audience {audience!r}: expected one of {', '.join(_AUDIENCES)}{hint}")
    policy = _policy(pilot.config, audience)
    results = evaluate(pilot)
    relations = relations_of(list(results.frame.itertuples(index=False, name="Row")))
    return Prepared(protect(results, policy), _context(pilot), audience, relations)


def _policy(config: PilotConfig, audience: str) -> DisclosurePolicy:
    name = getattr(config.disclosure, audience)
    if name.endswith(".toml"):
        return DisclosurePolicy.read(config.folder / name)
    return DisclosurePolicy.named(name)


def _context(pilot: Pilot) -> Context:
    schools, products = pilot.table("schools"), pilot.table("products")
    files = pilot.files[["table", "file", "keyed_hash"]].astype(str)
    return Context(
        config=pilot.config,
        schools=dict(zip(schools["school_id"], schools["name"], strict=True)),
        products=dict(zip(products["product_id"], products["name"], strict=True)),
        files=tuple(files.to_dict("records")),
        versions=versions(),
        commit=git_commit(),
        waves=tuple(waves_in_order(pilot.table("survey_responses"))),
    )
