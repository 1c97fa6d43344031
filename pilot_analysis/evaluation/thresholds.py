"""Where a number turns into a verdict: every threshold once, with its reason.

"Set by this project" means that no source gives the value; a reader may well choose another, and
sees the number itself beside the verdict.
"""

__all__ = [
    "AGREEING",
    "ALIGNED",
    "FEW_REACHED_DOSE",
    "HALF_REACHED_DOSE",
    "LEANING_NPS",
    "MOST_REACHED_DOSE",
    "MOTIVATED",
    "NOT_ALIGNED",
    "QUICK_DAYS",
    "REJECTING",
    "SLOW_DAYS",
    "SUPPORTIVE_PRINCIPAL",
    "UNRESOLVED_FEW",
    "UNRESOLVED_MANY",
    "VOLUNTEERS",
]

SUPPORTIVE_PRINCIPAL = 3.0
"""Rating (1 to 4) from which a principal counts as supportive: the upper half of the scale. Set by
this project."""

MOTIVATED = 3.5
"""Mean motivation (1 to 5) from which a team counts as motivated: nearer to "agree" than to the
middle. Set by this project."""

VOLUNTEERS = 0.5
"""Share of volunteers from which a team counts as one of volunteers: at least half. Set by this
project."""

ALIGNED = 3.0
"""Rating (1 to 4) from which a product serves a goal: "mostly" or better. Set by this project."""

NOT_ALIGNED = 2.0
"""Rating (1 to 4) below which it does not: less than "a little". Set by this project."""

QUICK_DAYS = 7.0
"""Mean days to resolve up to which help was quick: within the next week of lessons. Set by this
project."""

SLOW_DAYS = 14.0
"""Mean days to resolve from which help was slow: two weeks of lessons went by. Set by this
project."""

UNRESOLVED_FEW = 0.10
"""Share of contacts left open up to which support still counts as in place. Set by this project."""

UNRESOLVED_MANY = 0.50
"""Share of contacts left open from which support was not there for most. Set by this project."""

MOST_REACHED_DOSE = 0.75
"""Share of students who met the dose from which most met the plan. Set by this project."""

HALF_REACHED_DOSE = 0.40
"""Share from which about half met the plan. Set by this project."""

FEW_REACHED_DOSE = 0.15
"""Share below which few met the plan. Set by this project: three times the share of about five
percent that Holt (2024, Education Next) reports for the recommended use of such programs."""

AGREEING = 0.60
"""Mean of a scale, as a share of its range, from which the answers are on the whole favorable:
3.4 on a scale from 1 to 5. Set by this project."""

REJECTING = 0.40
"""The same, up to which they are on the whole unfavorable: 2.6 on a scale from 1 to 5. Set by this
project."""

LEANING_NPS = 20.0
"""Net Promoter Score (points) up to which, on either side of zero, a team is of two minds. Set by
this project."""

MOST_SCHOOLS = 0.5
"""For the network: share of schools with a condition from which it counts as there. Set by this
project."""

FEWEST_CONDITIONS = 2
"""Conditions that must be recorded for a verdict on them: one alone says little. Set by this
project."""
