"""What is looked for in data that have passed every check, and what is done about each."""

from dataclasses import dataclass

__all__ = ["ODDITY_KINDS", "OddityKind"]


@dataclass(frozen=True, slots=True)
class OddityKind:
    """One kind of oddity: nothing that breaks a rule, but something that a person should see.

    Attributes
    ----------
    name : str
    table : str
        Clean table that it is found in.
    title : str
        What it is, in the plural.
    population : {"students", "respondents", "records"}
        Whom it is about; "records": rows whose people are not known any more.
    rule : str
        When something counts as one, in a sentence; {limit} stands for `limit`.
    done : str
        What is done about it: no number is ever changed.
    advice : str
        What a person should do next.
    limit : float or None
    unit : str
        Unit of `limit`.
    """

    name: str
    table: str
    title: str
    population: str
    rule: str
    done: str
    advice: str
    limit: float | None = None
    unit: str = ""


# The limits are set by this project; they only say what a person should look at.
_KINDS = (
    OddityKind(
        "far_scores", "assessments", "Scores far from the others", "students",
        "The score lies more than {limit} standard deviations from the middle score of its test "
        "and window. The standard deviation is estimated from the median distance to that middle, "
        "so that far scores cannot hide themselves.",
        "Kept, and counted in every result: an extreme score may be true.",
        "Compare the score with the test’s own report. If it is wrong, have the export corrected.",
        limit=4.0, unit="sd",
    ),
    OddityKind(
        "percentiles", "assessments", "Percentiles that no test gives", "students",
        "National percentiles run from one to ninety-nine.",
        "Kept; no result of the briefs uses percentiles.",
        "Ask where the percentile comes from: it may be a share of right answers.",
    ),
    OddityKind(
        "test_order", "assessments", "Last tests that are not later than the first", "students",
        "The test after was taken on the day of the test before, or earlier.",
        "Kept in the windows that they were exported with.",
        "Check the days, and the windows in pilot.toml.",
    ),
    OddityKind(
        "repeated_tests", "assessments", "Tests more than once", "records",
        "The same student has several tests of one window, or the same row stands twice.",
        "Set aside: of several, the one that pilot.toml or the vendor prefers is used.",
        "Nothing, if they are few; if they are many, ask whether students were tested again.",
    ),
    OddityKind(
        "outside_windows", "assessments", "Tests outside the windows", "records",
        "The test was taken on no day of the windows in pilot.toml, or its day is not known.",
        "Set aside: it is no test before and no test after.",
        "If there are many, the windows in pilot.toml may be too short.",
    ),
    OddityKind(
        "long_weeks", "usage", "Weeks that are too long to be true", "students",
        "More than {limit} hours on the product in a week, or as much on average in the weeks of "
        "a month.",
        "Kept: the minutes stand in sums and averages as they came.",
        "Ask the vendor whether these are seconds, or sessions that nobody closed.",
        limit=60.0, unit="hours",
    ),
    OddityKind(
        "no_minutes", "usage", "Use without a minute", "students",
        "Sessions or lessons are recorded, and no time.",
        "Kept: the student counts as having logged in where sessions are recorded, with no time.",
        "Ask the vendor when a session gets its minutes.",
    ),
    OddityKind(
        "no_license", "usage", "Use without a license", "students",
        "The student used a product for which no license was recorded.",
        "Kept, and left out of every number on use: those are about students with a license.",
        "Add the licenses that are missing, or find out who used the product.",
    ),
    OddityKind(
        "comparison_use", "usage", "Use by those who were compared with", "students",
        "The student belongs to the group without the product, and used one.",
        "Kept in their group. A difference between the groups then looks smaller than it is.",
        "Say so beside the comparison, and ask how they came to use it.",
    ),
    OddityKind(
        "not_assigned", "survey_responses", "Ratings of a product that was not assigned",
        "respondents",
        "The teacher rated a product that none of the own classes was given. Where the survey has "
        "pseudonyms: a product that no class of the school was given.",
        "Kept: the answers count for the product that they name.",
        "Ask whether the survey was sent to the right people, and whether the assignments are "
        "complete.",
    ),
    OddityKind(
        "same_answers", "survey_responses", "The same answer to everything", "respondents",
        "At least {limit} questions on one scale were answered alike, although for some of them "
        "the opposite answer is the better one.",
        "Kept: the answers count.",
        "Read the comments of the survey; many such answers mean that it was too long.",
        limit=5.0, unit="questions",
    ),
    OddityKind(
        "answered_twice", "survey_responses", "Surveys answered twice", "respondents",
        "The same person answered the same survey about the same product twice in one wave.",
        "Kept: scales take the mean of both; the recommendation and single questions take the "
        "later answer.",
        "Nothing, if they are few.",
    ),
)  # fmt: skip

ODDITY_KINDS = {kind.name: kind for kind in _KINDS}
