"""`PilotConfig`: all sections together, and what must fit between them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import Field, field_validator, model_validator

from pilot_analysis.config.nearest import nearest
from pilot_analysis.config.sections import (
    DesignConfig,
    DisclosureConfig,
    DoseConfig,
    GroupConfig,
    InferenceConfig,
    ItemConfig,
    OutcomeConfig,
    PilotInfo,
    PrivacyConfig,
    ReportConfig,
    ScaleConfig,
)
from pilot_analysis.config.source import Names, Section, Source
from pilot_analysis.schema import TABLES

__all__ = ["PilotConfig"]


class PilotConfig(Section):
    """Everything that ``pilot.toml`` says, checked and frozen.

    Attributes
    ----------
    folder : pathlib.Path
        Folder of the pilot; the paths of `sources` are relative to it.
    sources : dict of str to tuple of Source
        Per clean table, the files that it is read from.
    """

    folder: Path
    pilot: PilotInfo
    sources: dict[str, tuple[Source, ...]]
    design: DesignConfig = DesignConfig()
    outcomes: dict[str, OutcomeConfig] = Field(default_factory=dict)
    items: dict[str, ItemConfig] = Field(default_factory=dict)
    answers: dict[str, Names] = Field(default_factory=dict)
    scales: dict[str, ScaleConfig] = Field(default_factory=dict)
    privacy: PrivacyConfig = PrivacyConfig()
    dose: DoseConfig = DoseConfig()
    groups: dict[str, GroupConfig] = Field(default_factory=dict)
    inference: InferenceConfig = InferenceConfig()
    disclosure: DisclosureConfig = DisclosureConfig()
    report: ReportConfig = ReportConfig()

    @field_validator("sources", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        unknown = [name for name in value if name not in TABLES]
        if unknown:
            raise ValueError(
                "; ".join(f"there is no clean table {n!r}{nearest(n, TABLES)}" for n in unknown)
            )
        if "schools" not in value:
            raise ValueError("the table `schools` is needed: add [sources.schools]")
        return {k: tuple(v) if isinstance(v, list) else (v,) for k, v in value.items()}

    @model_validator(mode="after")
    def _names_hang_together(self):
        faults = [
            *self._strange_arms(), *self._strange_scales(), *self._strange_columns(),
            *self._strange_answers(),
        ]  # fmt: skip
        if faults:
            raise ValueError("\n  ".join(faults))
        return self

    def _strange_arms(self) -> Iterator[str]:
        for name, outcome in self.outcomes.items():
            for arm in outcome.arms:
                if arm not in self.design.arms:
                    near = nearest(arm, self.design.arms)
                    yield f"outcomes.{name}.arms: {arm!r} is not an arm{near}"

    def _strange_scales(self) -> Iterator[str]:
        for name, item in self.items.items():
            if item.scale and item.scale not in self.scales:
                near = nearest(item.scale, self.scales)
                yield f"items.{name}.scale: {item.scale!r} is not a scale{near}"

    def answers_of(self, item: str) -> tuple[str, ...]:
        """Return an item's answers in words, from the lowest to the highest; none: numbers."""
        given = self.items[item].answers
        return self.answers[given] if isinstance(given, str) else given

    def _strange_answers(self) -> Iterator[str]:
        for name, item in self.items.items():
            if isinstance(item.answers, str) and item.answers not in self.answers:
                near = nearest(item.answers, self.answers)
                yield f"items.{name}.answers: {item.answers!r} is not a set of [answers]{near}"
                continue
            words, steps = self.answers_of(name), item.high - item.low + 1
            if words and len(words) != steps:
                yield (
                    f"items.{name}.answers: {len(words)} answers in words, and {item.low} to "
                    f"{item.high} are {steps}"
                )
        for table, sources in self.sources.items():
            for item in (item for source in sources for item in source.items):
                if item not in self.items:
                    near = nearest(item, self.items)
                    yield f"sources.{table}.items: {item!r} is not an item of [items]{near}"

    def _strange_columns(self) -> Iterator[str]:
        for table, sources in self.sources.items():
            known = [*TABLES[table].by_name, *(self.groups if table == "students" else ())]
            for source in sources:
                for name in (name for name in source.units if "minutes" not in name):
                    minutes = [column for column in known if "minutes" in column]
                    yield (
                        f"sources.{table}.units: {name!r} is no column of minutes"
                        f"{nearest(name, minutes)}"
                    )
                for key in ("columns", "values", "templates", "recode", "blanks"):
                    for name in getattr(source, key):
                        if name not in known:
                            yield (
                                f"sources.{table}.{key}: {name!r} is not a column of {table}"
                                f"{nearest(name, known)}"
                            )
