"""What the appendix says: methods by key, rules of the gate, settings, and the glossary."""

from collections.abc import Callable

from pilot_analysis.config import PilotConfig

__all__ = ["GLOSSARY", "METHODS", "SETTINGS"]

METHODS = {
    "auc": "How often a school that went on had the higher score than one that did not: area under "
    "the curve, with an interval that respects small numbers.",
    "cluster_mean": "Averages over students: classes, not students, count as independent.",
    "cluster_proportion": "Shares of students: classes, not students, count as independent; "
    "interval on the log-odds scale with t degrees of freedom.",
    "cluster_mean_difference": "Changes of averages: the same classes before and after.",
    "cluster_ratio": "Minutes per student and week: classes, not students, count as independent.",
    "cohen_kappa_quadratic": "Observers: Cohen’s kappa, in which near misses count for something.",
    "cronbach_alpha": "Likeness of questions: Cronbach’s alpha with Feldt’s interval.",
    "cr2": "Checked with school fixed effects and a small-sample robust variance by class (CR2, "
    "Satterthwaite degrees of freedom).",
    "median": "Half-way values: medians.",
    "mixed": "Differences between groups: linear mixed model with intercepts for schools and "
    "classes, Kenward-Roger degrees of freedom.",
    "dirichlet_multinomial": "A school’s score leaning on the others: Dirichlet-multinomial model.",
    "mdes": "What could have been seen: smallest true difference found with the power set below.",
    "mean_t": "Averages of teachers’ answers: Student’s t interval.",
    "nps_score": "Net Promoter Score: score interval (Tango’s method for a difference of shares).",
    "nps_adjusted_wald": "Net Promoter Score: adjusted Wald interval.",
    "nps_difference_paired_score": "Two products: the same teachers’ answers about both, each "
    "person’s two compared (score interval).",
    "nps_pooled": "Net Promoter Score of all schools: teams, not answers, count as independent.",
    "percent_agreement": "Observers: share of lessons on which two observers gave the same rating.",
    "permutation": "Score against decision: whole schools are shuffled.",
    "shrink_effects": "A school’s own effect: drawn toward the average of all schools, the more so "
    "the less its own classes can say; the spread between schools is averaged over.",
    "wilson": "Shares of teachers: Wilson’s interval.",
}
"""Key of docs/methods.md -> one sentence."""


def _dose(config: PilotConfig) -> str:
    return config.dose.source


def _pilot(config: PilotConfig) -> str:
    return "Set for this analysis."


SETTINGS: dict[str, tuple[str, Callable[[PilotConfig], str], str]] = {
    "conf_level": ("Intervals hold the true value this often", _pilot, ""),
    "power": ("A true difference should be found this often", _pilot, "learning."),
    "smallest_worthwhile_effect": (
        "Smallest difference worth having (standard deviations)",
        lambda config: config.inference.smallest_worthwhile_effect_source,
        "learning.",
    ),
    "active_minutes": ("Minutes from which a week counts as active", _dose, "usage."),
    "active_weeks": ("Weeks from which a student counts as active", _dose, "usage."),
    "share_of_weeks": ("Share of weeks in which the own target must be met", _dose, "usage."),
    "response_gate": (
        "Share of answers below which a survey carries a warning",
        _pilot,
        "teachers.response",
    ),
    "icc": ("Likeness of students in a class, where it cannot be estimated", _pilot, "learning."),
}
"""Name of a parameter -> how it is called, where its source stands, the results that use it."""

GLOSSARY = (
    ("Interval", "the values that fit these data; a wide one means that we know little.", ""),
    (
        "Standard deviation",
        "how far apart students’ scores usually lie; used to compare tests.",
        "learning.",
    ),
    (
        "Four times in five",
        "how often a comparison like this one would have found a difference of that "
        "size. A smaller one may still be there.",
        "learning.mdes",
    ),
    (
        "Leaning on the others",
        "one school has too few classes to stand alone, so its estimate is "
        "drawn toward the average of all schools; the less it can say itself, the more.",
        "learning.school_effect_shrunken",
    ),
    (
        "As attended",
        "groups as students in fact sat in them, not as chance assigned them.",
        "learning.",
    ),
    (
        "Net Promoter Score",
        "the share of teachers who answer nine or ten out of ten, minus the "
        "share who answer six or less. It runs from minus one hundred to plus one hundred.",
        "recommendation.",
    ),
    ("Own target", "the weekly minutes that the product sets for each student.", "usage."),
    ("Dose", "use as planned: the own target reached in enough weeks of the term.", "usage."),
    (
        "Alpha",
        "how well the questions of a scale hang together, from zero to one.",
        "teachers.alpha",
    ),
)
"""(term, meaning, the results that it is needed for)."""
