"""The sections of ``pilot.toml`` but `sources`, with what their defaults rest on."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from pilot_analysis.config.nearest import nearest
from pilot_analysis.config.source import Names, Section, placeholders

__all__ = [
    "ArmConfig",
    "DesignConfig",
    "DisclosureConfig",
    "DoseConfig",
    "GroupConfig",
    "InferenceConfig",
    "ItemConfig",
    "OutcomeConfig",
    "PilotInfo",
    "PrivacyConfig",
    "ReportConfig",
    "ScaleConfig",
]

Share = Annotated[float, Field(gt=0, lt=1)]
CAUTION_NUMBERS = ("lost_share", "n_moved", "n_changed_arm")


class PilotInfo(Section):
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

    @model_validator(mode="after")
    def _begins_before_it_ends(self):
        if self.begin and self.end and self.begin > self.end:
            raise ValueError(f"begin ({self.begin}) is after end ({self.end})")
        return self


class ArmConfig(Section):
    """One arm of the comparison."""

    label: str
    """in the middle of a sentence, e.g. "small classes\""""


class DesignConfig(Section):
    """How the comparison came about."""

    comparison: Literal["none", "matched", "rostered", "randomized"] = "none"
    assigned_unit: Literal["student", "class", "school"] = "class"
    arms: dict[str, ArmConfig] = Field(default_factory=dict)
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
                near = nearest(self.reference, self.arms)
                raise ValueError(f"reference {self.reference!r} is not one of the arms{near}")
        return self


class OutcomeConfig(Section):
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
    arms: Names = ()
    """arms compared with the reference for this outcome; blank: all"""
    comparison: Literal["as designed", "as attended"] = "as designed"
    """"as attended": arms as they were lived in that window, not as they were assigned"""
    membership_at: Literal["start", "outcome"] = "start"
    """whose student a mover is: the school and class at the start, or at the outcome"""
    role: Literal["confirmatory", "exploratory"] = "exploratory"
    higher_is_better: bool = True
    cautions: Names = ()
    """sentences that the brief prints beside the result; a number in them must be one that the
    evaluation reports: {lost_share}, {n_moved}, {n_changed_arm}"""

    @field_validator("cautions")
    @classmethod
    def _known_numbers(cls, cautions: tuple[str, ...]) -> tuple[str, ...]:
        for name in (name for caution in cautions for name in placeholders(caution)):
            if name not in CAUTION_NUMBERS:
                raise ValueError(
                    f"{{{name}}} is no number of the evaluation{nearest(name, CAUTION_NUMBERS)}"
                )
        return cautions

    @model_validator(mode="after")
    def _two_windows(self):
        if self.pre_window == self.post_window:
            raise ValueError(f"pre_window and post_window are both {self.post_window!r}")
        return self


class ItemConfig(Section):
    """One survey or observation item."""

    question: str
    kind: Literal["rating", "recommend", "comment", "observation"] = "rating"
    scale: str = ""
    low: int = 1
    high: int = 5
    reverse: bool = False
    answers: Names | str = ()
    """answers in words, from the lowest to the highest, or the name of a set of ``[answers]``;
    blank: answers are numbers"""
    no_answer: Names = ()
    """words that mean no answer, e.g. Not applicable"""
    chosen: str = ""
    """option of a checkbox question: 1 where it was chosen, 0 where the question was answered
    without it; needs low = 0 and high = 1"""
    offered_from: Literal[0, 1] | None = None
    """recommend item: where the form's scale began. 1 (a scale of 1 to 10) is no Net Promoter
    Score, and the briefs then say so beside it"""

    @model_validator(mode="after")
    def _range(self):
        if self.low >= self.high:
            raise ValueError(f"low ({self.low}) must be below high ({self.high})")
        if self.kind == "recommend" and (self.low, self.high) != (0, 10):
            raise ValueError(
                "the recommend item of a Net Promoter Score is answered from 0 to 10; an item on "
                f"{self.low} to {self.high} is not one: set low = 0 and high = 10, or "
                'kind = "rating"'
            )
        if self.offered_from is not None and self.kind != "recommend":
            raise ValueError("offered_from is for an item of kind recommend")
        if self.chosen and (self.low, self.high, self.kind) != (0, 1, "rating"):
            raise ValueError('chosen needs low = 0, high = 1 and kind = "rating"')
        return self


class PrivacyConfig(Section):
    """What is done to ids and comments on reading. Names and addresses are never kept."""

    pseudonyms: bool = False
    """replace the ids of students, teachers and respondents by keyed hashes"""
    redact_comments: bool = True
    """take names of the roster, e-mail addresses and telephone numbers out of comments"""


class ScaleConfig(Section):
    """One scale: the mean of several items about the same thing."""

    label: str
    measures: str = ""
    """what it measures; an observation scale and a survey scale with the same word are compared"""
    minimum_answered: Annotated[float, Field(gt=0, le=1)] = 0.5


class DoseConfig(Section):
    """When use counts as use."""

    active_minutes: Annotated[float, Field(gt=0)] = 1.0
    """minutes in a week from which the week counts as active"""
    active_weeks: Annotated[int, Field(ge=1)] = 8
    """weeks from which a student counts as an active user"""
    share_of_weeks: Annotated[float, Field(gt=0, le=1)] = 0.5
    """share of term weeks in which the own target must be reached to have met the dose"""
    source: str = "Set by this pilot."


class GroupConfig(Section):
    """One group for equity: a column of `students`, and what its two sides are called."""

    label: str
    value: str = "true"
    """value of the column that marks the group"""
    reference_label: str


class InferenceConfig(Section):
    """How uncertainty is stated."""

    conf_level: Share = 0.95
    seed: Annotated[int, Field(ge=0)] = 20261121
    smallest_worthwhile_effect: Annotated[float, Field(gt=0)] = 0.10
    """SD; default: the median effect of education trials (Kraft 2020, Educational Researcher 49)"""
    smallest_worthwhile_effect_source: str = "Kraft (2020), median of 747 randomized trials"
    power: Share = 0.80
    icc: Annotated[float, Field(ge=0, lt=1)] = 0.20
    """intraclass correlation where it cannot be estimated; .20 is usual for achievement"""
    response_gate: Annotated[float, Field(ge=0, le=1)] = 0.25
    """response rate below which a survey is shown with a warning (MCIEA: 25%)"""


PolicyFile = Annotated[str, Field(pattern=r"^[^/\\]+\.toml$")]
"""A file beside pilot.toml that holds a policy, such as a state's own."""


class DisclosureConfig(Section):
    """Which policy the gate uses for an audience: its own, a stricter one, or a file's."""

    team: Literal["team", "public"] | PolicyFile = "team"
    public: Literal["public"] | PolicyFile = "public"
    internal: Literal["internal", "team", "public"] = "internal"
    role_consent: Names = ()
    """schools whose principal and point person agreed that their team sees what they said"""


class ReportConfig(Section):
    """What is printed around the results."""

    contact: str = ""
    licence: str = ""
    citation: str = ""
