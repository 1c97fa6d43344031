"""``pilot.toml`` -> `PilotConfig`: the control panel of a pilot, checked key by key."""

import difflib
import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from pilot_analysis.errors import ConfigError
from pilot_analysis.schema import TABLES

__all__ = [
    "ArmConfig",
    "DesignConfig",
    "DisclosureConfig",
    "DoseConfig",
    "GroupConfig",
    "InferenceConfig",
    "ItemConfig",
    "OutcomeConfig",
    "PilotConfig",
    "PilotInfo",
    "ReportConfig",
    "ScaleConfig",
    "Source",
    "read_config",
]

Share = Annotated[float, Field(gt=0, lt=1)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Source(_Section):
    """Where one clean table comes from, and how its columns are named there.

    Without `columns`, `values` or `templates` the file must use the clean column names.
    """

    file: str
    format: Literal["plain"] = "plain"
    columns: dict[str, str] = {}
    """clean column -> column of the file"""
    values: dict[str, str] = {}
    """clean column -> one value for every row"""
    templates: dict[str, str] = {}
    """clean column -> text with {columns of the file} filled in, e.g. "{gr}-{tch}\""""
    recode: dict[str, dict[str, str]] = {}
    """clean column -> value in the file -> clean value; a value that is not named is refused"""
    where: dict[str, tuple[str, ...]] = {}
    """column of the file -> the values whose rows are wanted; the others are set aside"""
    keep: Literal["all", "distinct", "first"] = "all"
    """rows with the same key: all (a duplicate is an error), distinct (identical rows are one),
    first (the first row of each key in the file's order)"""


class PilotInfo(_Section):
    """What the pilot is."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
    title: str
    called: str = "software pilot"
    """what the briefs call it; a class-size trial is no software pilot"""
    intervention: str = "the software"
    """what students were given, in the middle of a sentence"""
    description: str = ""
    simulated: bool = False
    begin: date | None = None
    end: date | None = None
    period: str = ""
    """the period as printed, e.g. "October 2025 to May 2026\""""


class ArmConfig(_Section):
    """One arm of the comparison."""

    label: str
    """in the middle of a sentence, e.g. "small classes\""""


class DesignConfig(_Section):
    """How the comparison came about."""

    comparison: Literal["none", "matched", "rostered", "randomized"] = "none"
    assigned_unit: Literal["student", "class", "school"] = "class"
    arms: dict[str, ArmConfig] = {}
    reference: str = ""
    blocks: Literal["school", "none"] = "school"
    generalize_to: Literal["these schools", "schools like these"] = "these schools"
    description: str = ""
    """one or two sentences for the brief: who was assigned to what, and how"""

    @model_validator(mode="after")
    def _reference_is_an_arm(self):
        if self.comparison != "none":
            if len(self.arms) < 2:
                raise ValueError("a comparison needs two or more arms")
            if self.reference not in self.arms:
                near = _nearest(self.reference, self.arms)
                raise ValueError(f"reference {self.reference!r} is not one of the arms{near}")
        return self


class OutcomeConfig(_Section):
    """One outcome: which test, when, and what may be said about it."""

    label: str
    """in the middle of a sentence, e.g. "kindergarten mathematics\""""
    assessment: str
    """`outcome_id` of the assessments table"""
    subject: str = ""
    pre_window: str = ""
    """blank: there is no score from before"""
    post_window: str
    assignment_window: str = ""
    """`window` of the assignments that count for this outcome"""
    arms: tuple[str, ...] = ()
    """arms compared with the reference for this outcome; blank: all"""
    comparison: Literal["as designed", "as attended"] = "as designed"
    """"as attended": arms as they were lived in that window, not as they were assigned"""
    membership_at: Literal["start", "outcome"] = "start"
    """whose student a mover is: the school and class at the start, or at the outcome"""
    role: Literal["confirmatory", "exploratory"] = "exploratory"
    higher_is_better: bool = True
    cautions: tuple[str, ...] = ()
    """sentences that the brief prints beside the result; a number in them must be one that the
    evaluation reports: {lost_share}, {n_moved}, {n_changed_arm}"""


class ItemConfig(_Section):
    """One survey or observation item."""

    question: str
    kind: Literal["rating", "recommend", "comment", "observation"] = "rating"
    scale: str = ""
    low: int = 1
    high: int = 5
    reverse: bool = False

    @model_validator(mode="after")
    def _range(self):
        if self.low >= self.high:
            raise ValueError(f"low ({self.low}) must be below high ({self.high})")
        if self.kind == "recommend" and (self.low, self.high) != (0, 10):
            raise ValueError(
                "the recommend item of a Net Promoter Score is answered from 0 to 10; an item on "
                f'{self.low} to {self.high} is not one: set low = 0 and high = 10, or kind = "rating"'
            )
        return self


class ScaleConfig(_Section):
    """One scale: the mean of several items about the same thing."""

    label: str
    measures: str = ""
    """what it measures; an observation item's scale and a survey scale with the same word are compared"""
    minimum_answered: Annotated[float, Field(gt=0, le=1)] = 0.5


class DoseConfig(_Section):
    """When use counts as use."""

    active_minutes: Annotated[float, Field(gt=0)] = 1.0
    """minutes in a week from which the week counts as active"""
    active_weeks: Annotated[int, Field(ge=1)] = 8
    """weeks from which a student counts as an active user"""
    share_of_weeks: Annotated[float, Field(gt=0, le=1)] = 0.5
    """share of term weeks in which the own target must be reached to have met the dose"""
    source: str = "Set by this pilot."


class GroupConfig(_Section):
    """One group for equity: a column of `students`, and what its two sides are called."""

    label: str
    value: str = "true"
    """value of the column that marks the group"""
    reference_label: str


class InferenceConfig(_Section):
    """How uncertainty is stated."""

    conf_level: Share = 0.95
    seed: int = 20261121
    smallest_worthwhile_effect: Annotated[float, Field(gt=0)] = 0.10
    """SD; default: the median effect of education trials (Kraft 2020, Educational Researcher 49)"""
    smallest_worthwhile_effect_source: str = "Kraft (2020), median of 747 randomized trials"
    power: Share = 0.80
    icc: Annotated[float, Field(ge=0, lt=1)] = 0.20
    """intraclass correlation where it cannot be estimated (methods.md: .20 for achievement)"""
    response_gate: Annotated[float, Field(ge=0, le=1)] = 0.25
    """response rate below which a survey is shown with a warning (MCIEA: 25%)"""


class DisclosureConfig(_Section):
    """Which policy the gate uses for which audience; a policy that is not named is the strictest."""

    team: str = "team"
    public: str = "public"
    internal: str = "internal"


class ReportConfig(_Section):
    """What is printed around the results."""

    contact: str = ""
    licence: str = ""
    citation: str = ""


class PilotConfig(_Section):
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
    outcomes: dict[str, OutcomeConfig] = {}
    items: dict[str, ItemConfig] = {}
    scales: dict[str, ScaleConfig] = {}
    dose: DoseConfig = DoseConfig()
    groups: dict[str, GroupConfig] = {}
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
                f"there is no clean table {unknown[0]!r}{_nearest(unknown[0], TABLES)}"
            )
        if "schools" not in value:
            raise ValueError("the table `schools` is needed: add [sources.schools]")
        return {k: tuple(v) if isinstance(v, list) else (v,) for k, v in value.items()}

    @model_validator(mode="after")
    def _names_hang_together(self):
        for name, outcome in self.outcomes.items():
            for arm in outcome.arms:
                if arm not in self.design.arms:
                    raise ValueError(
                        f"outcomes.{name}.arms: {arm!r} is not an arm{_nearest(arm, self.design.arms)}"
                    )
        for name, item in self.items.items():
            if item.scale and item.scale not in self.scales:
                raise ValueError(
                    f"items.{name}.scale: {item.scale!r} is not a scale"
                    f"{_nearest(item.scale, self.scales)}"
                )
        return self


def read_config(folder: str | Path) -> PilotConfig:
    """Read and check ``pilot.toml`` of a pilot's folder.

    Parameters
    ----------
    folder : path
        Folder that holds ``pilot.toml``.

    Returns
    -------
    PilotConfig

    Raises
    ------
    ConfigError
        The folder or file is missing, is no TOML, or holds an unknown key, a wrong type, or a
        path that is not there: the message names the key, what was expected and what was found,
        for every fault at once.
    """
    folder = Path(folder)
    path = folder / "pilot.toml"
    if not folder.is_dir():
        raise ConfigError(
            f"{folder}: there is no such folder. Give the folder that holds pilot.toml."
        )
    if not path.is_file():
        raise ConfigError(
            f"{path}: not found. A pilot's folder needs a pilot.toml; copy the one of "
            "data/raw/demo and change it."
        )
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{path}: is not UTF-8 text (byte {error.start}). Save it as UTF-8."
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: is not valid TOML: {error}.") from error
    if "folder" in values:
        raise ConfigError(f"{path}: unknown key `folder`: the folder is where pilot.toml lies.")
    try:
        config = PilotConfig(folder=folder, **values)
    except ValidationError as error:
        faults = "\n".join(f"  {_explain(fault)}" for fault in error.errors())
        raise ConfigError(f"{path}: {error.error_count()} to mend:\n{faults}") from error
    _require_files(path, config)
    return config


def _require_files(path: Path, config: PilotConfig) -> None:
    missing = []
    for table, sources in config.sources.items():
        for source in sources:
            if not (config.folder / source.file).is_file():
                here = [p.name for p in config.folder.iterdir() if p.is_file()]
                missing.append(
                    f"  sources.{table}.file: expected a file in the pilot's folder, found "
                    f"no {source.file!r}{_nearest(source.file, here)}"
                )
    if missing:
        raise ConfigError(f"{path}: {len(missing)} to mend:\n" + "\n".join(missing))


def _explain(fault) -> str:
    place = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        return (
            f"{place}: unknown key{_nearest(str(fault['loc'][-1]), _known_keys(fault['loc'][:-1]))}"
        )
    if fault["type"] == "missing":
        return f"{place}: this key is needed and is not there"
    message = fault["msg"].removeprefix("Value error, ")
    found = "" if fault["type"] == "value_error" else f", found {fault['input']!r}"
    return f"{place}: {message}{found}" if place else f"{message}{found}"


def _known_keys(place: tuple) -> list[str]:
    """Return the keys that `PilotConfig` knows at `place` (ids and list positions are skipped)."""
    model: type[BaseModel] = PilotConfig
    for part in place:
        if isinstance(part, str) and part in model.model_fields:
            inner = _model_of(model.model_fields[part].annotation)
            if inner is None:
                break
            model = inner
    return [name for name in model.model_fields if name != "folder"]


def _model_of(annotation) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((m for m in map(_model_of, get_args(annotation)) if m is not None), None)


def _nearest(word: str, known) -> str:
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    if close:
        return f"; did you mean {close[0]!r}?"
    names = ", ".join(sorted(known)[:12])
    return f"; known here: {names}" if names else ""
