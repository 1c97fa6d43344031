"""What the schools of the simulated pilot say: why they took part, their goals, their decisions."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from pilot_analysis.simulate.frame import clean_frame
from pilot_analysis.simulate.plan import School

__all__ = ["make_decisions", "make_goals", "make_whys"]


@dataclass(frozen=True, slots=True)
class Why:
    """Why a school took part, in its team's words."""

    kind: str
    statement: str
    outcome: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class Goal:
    """One learning goal, and how well the product serves it (1 not at all, 4 fully)."""

    objective: str
    outcome: str
    product: str
    alignment: float | None
    rater: str = "instructional coach"


@dataclass(frozen=True, slots=True)
class Story:
    """What one school says."""

    why: Why
    goals: tuple[Goal, ...]
    reasons: Mapping[str, str]
    """product -> the reason for the decision"""


# fmt: off
_STORIES = (
    Story(
        Why("achievement_gap",
            "Our students from families with the least money start every fall behind the others "
            "in reading, and the distance is still there in spring. We want to see it shrink.",
            "reading", "economically_disadvantaged"),
        (Goal("Every student reads grade-level text with understanding by spring.",
              "reading", "readwell", 4.0),
         Goal("Families hear from us about reading every month.",
              "", "readwell", 1.0, "family liaison")),
        {"readwell":
            "Teachers want it, and it fits the way we run small groups."}),
    Story(
        Why("equity_gap",
            "English learners sit in the same reading block as everyone else and get less out "
            "of it. We want practice that meets them where they are.",
            "reading", "english_learner"),
        (Goal("English learners grow in reading at least as much as their classmates.",
              "reading", "readwell", 3.0, "language specialist"),
         Goal("Students talk about what they read, every day.",
              "", "readwell", 2.0)),
        {"readwell":
            "The licenses are paid for another year, and changing now would cost us the habit."}),
    Story(
        Why("growth",
            "Our fall scores look fine, but our students do not grow as much during the year as "
            "students like them do elsewhere.", "reading"),
        (Goal("More students meet their typical growth in reading.",
              "reading", "readwell", 3.5),
         Goal("Students write across subjects.",
              "", "readwell", None)),
        {"readwell":
            "We see students working at their own level and want a second year to judge."}),
    Story(
        Why("engagement",
            "During independent reading time too many students turn pages without reading. We "
            "want them to take hold of their own learning.", "engagement"),
        (Goal("Students choose and finish books on their own.",
              "", "readwell", 1.5),
         Goal("Students read more fluently by spring.",
              "reading", "readwell", 3.0)),
        {"readwell":
            "We keep it for the oldest and look for something else for the youngest, who could "
            "not manage it alone."}),
    Story(
        Why("equity_gap",
            "In mathematics our English learners fall behind on word problems long before they "
            "fall behind on numbers.", "mathematics", "english_learner"),
        (Goal("English learners reach grade level in mathematics.",
              "mathematics", "numera", 3.0),
         Goal("All students read at grade level by the end of the year.",
              "reading", "readwell", 4.0, "principal"),
         Goal("Small-group time is protected every day.",
              "", "readwell", 2.5)),
        {"readwell":
            "It serves our reading goal and asks little of teachers.",
         "numera":
            "The team that used it wants to go on; the rest will look again in winter."}),
    Story(
        Why("shadow",
            "Two of us followed a student for a whole day. We were struck by how long a child "
            "can sit in our classrooms waiting for something to do.", "engagement"),
        (Goal("Students spend more of their day working on something that is right for them.",
              "", "numera", 3.0),
         Goal("Students become confident with fractions.",
              "mathematics", "numera", 3.5),
         Goal("Students read grade-level text.",
              "reading", "readwell", 2.5)),
        {"readwell":
            "We wait for the state results and for next year's price.",
         "numera":
            "Students are busy with work that is right for them, which is what we came for."}),
    Story(
        Why("pain_point",
            "Our teachers spend their Sundays making practice sheets for three levels at once. "
            "We want those Sundays back."),
        (Goal("Students are fluent with the facts of their grade.",
              "mathematics", "numera", 2.0),
         Goal("Planning time is spent on teaching, not on copying.",
              "", "numera", 2.5)),
        {"numera":
            "Help came too late in winter, the classes stopped using it, and the money is "
            "needed for a tutor."}),
    Story(
        Why("readiness",
            "Half of our team is new to teaching with software. Before we buy more of it we "
            "want to know whether it can be made easy enough to use well.", "ease"),
        (Goal("Every classroom runs small groups in mathematics with confidence.",
              "mathematics", "numera", 3.5),),
        {"numera":
            "It turned out to be easy enough, and our newest teachers now lead small groups "
            "with it."}),
    Story(
        Why("growth",
            "Our students like mathematics, yet too few of them grow as much in a year as we "
            "would expect.", "mathematics"),
        (Goal("More students meet their typical growth in mathematics.",
              "mathematics", "numera", 3.5, "principal"),
         Goal("Students explain their thinking.",
              "", "numera", 1.5)),
        {"numera":
            "Teachers speak well of it. Next year we make room for it in the schedule."}),
    Story(
        Why("engagement",
            "Our students tell us that they are not mathematics people. We want them to leave "
            "us believing that they are."),
        (),
        {"numera":
            "We go on for a year, with a faster way to get help."}),
)
# fmt: on


def make_whys(schools: tuple[School, ...]) -> pd.DataFrame:
    """Return why each school took part; two of the reasons were never measured."""
    rows = []
    for school in schools:
        why = _STORIES[school.story].why
        rows.append(
            {
                "school_id": school.id,
                "why_id": "W1",
                "kind": why.kind,
                "statement": why.statement,
                "outcome_id": why.outcome or None,
                "group": why.group or None,
                "stated_on": pd.Timestamp("2025-09-08") + pd.Timedelta(days=school.story),
            }
        )
    return clean_frame("whys", rows)


def make_goals(schools: tuple[School, ...]) -> pd.DataFrame:
    """Return each school's goals in the order of their priority."""
    rows = []
    for school in schools:
        goals = () if "goals" in school.missing else _STORIES[school.story].goals
        rows += [
            {
                "school_id": school.id,
                "goal_id": f"G{rank}",
                "priority": rank,
                "objective": goal.objective,
                "outcome_id": goal.outcome or None,
                "product_id": goal.product,
                "alignment": goal.alignment,
                "rater": goal.rater,
            }
            for rank, goal in enumerate(goals, start=1)
        ]
    return clean_frame("goals", rows)


def make_decisions(schools: tuple[School, ...]) -> pd.DataFrame:
    """Return what each school decided about each product, after the last survey."""
    return clean_frame(
        "decisions",
        [
            {
                "school_id": school.id,
                "product_id": team.product,
                "decision": team.decision,
                "decided_on": pd.Timestamp(team.decided_on),
                "reason": _STORIES[school.story].reasons[team.product],
            }
            for school in schools
            for team in school.teams
        ],
    )
