"""A small made-up `Results` with every row of the evaluation's catalogue."""

from itertools import count
from math import inf, nan

import pytest

from pilot_analysis.results import Results, result, result_id
from pilot_analysis.stats.estimate import Estimate

SCHOOLS = {"S01": 9, "S02": 8, "S03": 12, "S04": 4, "S05": 15}
"""School -> teachers who answered; ten students of the product to a teacher."""
PRODUCT = {"product_id": "readwell"}
SCALE = "scale points (1-5)"
EVEN = {"remainder_percent": 300.0}
"""Of an amount to which nobody adds far more than the others."""


def estimate(value, n, unit, method="made_up"):
    return Estimate.from_t("x", value, 0.3, 8, n=n, n_clusters=4, unit=unit, method=method)


def places():
    """Every school, and the network as the sum of all."""
    return {**SCHOOLS, "": sum(SCHOOLS.values())}


def _parameters():
    values = {"conf_level": (0.95, "proportion"), "smallest_worthwhile_effect": (0.1, "sd"),
              "power": (0.8, "proportion"), "active_weeks": (8, "weeks"),
              "active_minutes": (2.5, "minutes"), "icc": (0.2, "coefficient")}  # fmt: skip
    for name, (value, unit) in values.items():
        yield result("parameters", name, "parameter", "none", value, unit=unit)


def _why(school, n):
    keys = {"school_id": school, "outcome": "math", "group": "english_learner", "category": "W1"}
    yield result("why", "statement", "text", "none", text="It widens every year.", **keys,
                 level="equity_gap", time="2025-09-12")  # fmt: skip
    for time in ("then", "now"):
        yield result("why", "grounded_in", "mean", "students", estimate(5.123, 4 * n, "points"),
                     time=time, **keys)  # fmt: skip
        yield result("why", "grounded_in_others", "mean", "students",
                     estimate(4.321, 4 * (48 - n), "points"), time=time, **keys)  # fmt: skip
    ids = [result_id("why", "grounded_in", time=time, **keys) for time in ("then", "now")]
    yield result("why", "change", "mean", "students", estimate(1.0, 4 * n, "points"), **keys,
                 relation=[f"change from {i}" for i in ids])  # fmt: skip
    yield result("why", "not_measured", "absence", "none", school_id=school, category="W2",
                 text="No survey asked about it before the pilot.")  # fmt: skip


def _conditions(school, n):
    keys = {"school_id": school}
    for name, value, who in (("teachers_invited", n + 1, "teachers"),
                             ("teachers_took_part", n, "teachers"),
                             ("students_rostered", 20 * n, "students"),
                             ("classes", n, "classes")):  # fmt: skip
        yield result("conditions", name, "count", who, value, n=value, **keys)
    yield result("conditions", "volunteered", "proportion", "teachers",
                 estimate(0.6, n, "proportion"), **keys)  # fmt: skip
    yield result("conditions", "motivation", "mean", "teachers", estimate(4.1, n, SCALE), **keys)
    if school:
        for name in ("point_person", "principal_support"):
            yield result("conditions", name, "level", "schools", level="yes", **keys,
                         flags=("single person role",))  # fmt: skip
    else:
        yield result("conditions", "point_person", "proportion", "schools", 0.8, n=5)
    for arm in ("product", "comparison"):
        flow = {**keys, "outcome": "math", "group": arm}
        whole = result_id("conditions", "flow", category="rostered", **flow)
        for category, lost in (("rostered", 0), ("pre", 12), ("post", 14), ("both", 25)):
            yield result("conditions", "flow", "count", "students", 10 * n - lost, n=10 * n,
                         category=category, **flow,
                         relation=[f"part of {whole}"] if lost else [])  # fmt: skip


def _alignment(school, _n):
    keys = {"school_id": school, **PRODUCT}
    yield result("alignment", "goal", "text", "none", text="Read on grade level.", level="1",
                 category="G1", outcome="reading", **keys)  # fmt: skip
    yield result("alignment", "rating", "level", "respondents", level="4", category="G1", **keys,
                 n=1, flags=("single person role",))  # fmt: skip
    yield result("alignment", "outcome_matches", "level", "none", level="yes", **keys)


def _support(school, n):
    keys = {"school_id": school}
    yield result("support", "pd_sessions", "count", "records", 3, **keys)
    yield result("support", "pd_hours", "mean", "teachers", estimate(6.25, n, "hours"),
                 **EVEN, **keys)  # fmt: skip
    for channel in ("", "email", "visit"):
        yield result("support", "contacts", "count", "records", 14 if channel else 28,
                     category=channel, **keys)  # fmt: skip
    yield result("support", "contacts_by_month", "count", "records", 2, time="2026-01", **keys)
    yield result("support", "days_to_resolve", "mean", "records", estimate(12.4, 28, "days"),
                 text="Half were closed within a week.", smallest_n=n, **EVEN, **keys)  # fmt: skip
    yield result("support", "unresolved", "count", "records", 1, **keys)
    yield result("support", "topic", "count", "records", 5, category="log-in", **keys)
    for name in ("use_before", "use_after"):
        yield result("support", name, "mean", "students", estimate(41.7, 5 * n, "minutes"),
                     **EVEN, **keys)  # fmt: skip


def _usage(school, n):
    keys = {"school_id": school, **PRODUCT}
    licensed = 10 * n
    whole = result_id("usage", "funnel", category="licensed", **keys)
    steps = {"licensed": 0, "rostered": 2, "ever_logged_in": 14, "active_weeks": 26,
             "met_target": licensed // 2 + 10}  # fmt: skip
    for category, lost in steps.items():
        yield result("usage", "funnel", "count", "students", max(licensed - lost, 0), n=licensed,
                     category=category, flags=("2 had left", "never logged in"), **keys,
                     relation=[f"part of {whole}"] if lost else [])  # fmt: skip
    yield result("usage", "tested", "count", "students", 8 * n, n=licensed, **keys)
    for name in ("minutes_active_week", "minutes_enrolled_week"):
        yield result("usage", name, "mean", "students", estimate(31.6, licensed, "minutes"),
                     **EVEN, **keys)  # fmt: skip
    for week in ("2025-10-06", "2025-10-13"):
        yield result("usage", "minutes_per_week", "mean", "students",
                     estimate(28.4, licensed, "minutes"), time=week, **EVEN, **keys)  # fmt: skip
    yield result("usage", "active_weeks_mean", "mean", "students", estimate(9.3, licensed, "weeks"),
                 **EVEN, **keys)  # fmt: skip
    shares = {("", ""): (0.5, licensed), ("disability", "group"): (0.4, 2 * n),
              ("disability", "reference"): (0.52, 8 * n)}  # fmt: skip
    for (group, category), (share, size) in shares.items():
        yield result("usage", "met_dose", "proportion", "students",
                     estimate(share, size, "proportion"), group=group, category=category,
                     **keys)  # fmt: skip


def _teachers(school, n):
    keys = {"school_id": school, **PRODUCT}
    yield result("teachers", "response", "proportion", "teachers", n / (n + 1), n=n + 1,
                 school_id=school, category="spring", time="2", unit="proportion")  # fmt: skip
    for name, category in (("scale", "usefulness"), ("item", "easy")):
        yield result("teachers", name, "mean", "respondents", estimate(4.14, n, SCALE), time="2",
                     category=category, **keys)  # fmt: skip
    yield result("teachers", "comments", "count", "respondents", n - 2, n=n, **keys)
    yield result("teachers", "observed", "mean", "records", estimate(2.9, n, "scale points (1-4)"),
                 category="engaged", smallest_n=n, **keys)  # fmt: skip
    if not school:
        for name, kind in (("alpha", "respondents"), ("observer_reliability", "records")):
            yield result("teachers", name, "coefficient", kind, estimate(0.71, n, "coefficient"),
                         category="usefulness", smallest_n=n)  # fmt: skip
        yield result("teachers", "observer_agreement", "proportion", "records",
                     estimate(0.9, 40, "proportion"), category="engaged",
                     smallest_n=9)  # fmt: skip
    scale = result_id("teachers", "scale", time="2", category="usefulness", **keys)
    yield result("teachers", "triangulation", "level", "respondents", level="agree", **keys,
                 category="usefulness", text="Both say the same.",
                 relation=[f"derived from {scale}"])  # fmt: skip


def _recommendation(school, n):
    keys = {"school_id": school, **PRODUCT}
    counts = {"detractors": n // 5, "passives": n // 4, "promoters": n - n // 5 - n // 4}
    score = 100 * (counts["promoters"] - counts["detractors"]) / n
    whole = result_id("recommendation", "nps", **keys)
    yield result("recommendation", "nps", "score", "respondents",
                 Estimate.from_interval("nps", score, score - 20, min(score + 20, 100), n=n,
                                        unit="NPS points", method="nps_score"), **keys)  # fmt: skip
    for category, k in counts.items():
        yield result("recommendation", "answers", "count", "respondents", k, n=n,
                     category=category, relation=[f"part of {whole}"], **keys)  # fmt: skip
    yield result("recommendation", "responded", "count", "teachers", n, n=n + 1, **keys)
    yield result("recommendation", "invited", "count", "teachers", n + 1, n=n + 1, **keys)
    for name in ("nps_worst", "nps_best", "nps_pooled"):
        yield result("recommendation", name, "score", "respondents", score, n=n,
                     unit="NPS points", relation=[f"derived from {whole}"], **keys)  # fmt: skip
    pair = {"school_id": school, "group": "readwell", "category": "numera"}
    apart = result_id("recommendation", "nps_difference", **pair)
    steps = {"pairs_one_up": n // 3, "pairs_alike": n - n // 3}
    tied = [whole, *(result_id("recommendation", name, **pair) for name in steps)]
    yield result("recommendation", "nps_difference", "mean", "respondents",
                 estimate(100 * (n // 3) / n, n, "NPS points"),
                 relation=[f"derived from {i}" for i in tied], **pair)  # fmt: skip
    for name, k in steps.items():
        yield result("recommendation", name, "count", "respondents", k, n=n,
                     relation=[f"derived from {apart}"], **pair)  # fmt: skip
    if school:
        yield result("recommendation", "decision", "level", "schools", level="continue", **keys,
                     text="Teachers asked to keep it.")  # fmt: skip
    else:
        yield result("recommendation", "decisions", "count", "schools", 4, n=5,
                     category="continue")  # fmt: skip
        yield result("recommendation", "nps_match", "coefficient", "schools", 0.81, n=5,
                     unit="proportion")  # fmt: skip
        yield result("recommendation", "nps_match_test", "test", "schools", 0.2, n=5, unit="p")
        yield result("recommendation", "disagreeing", "count", "schools", 1, n=5)
    yield result("scorecard", "verdict", "level", "none", level="strong", category="recommend",
                 text="Would recommend", relation=[f"derived from {whole}"], **keys)  # fmt: skip


def _learning(school, n):
    keys = {"school_id": school, "outcome": "math"}
    sizes = {"comparison": 3 * n, "product": 3 * n}
    for name, who in (("students", "students"), ("classes", "classes"), ("schools", "schools")):
        yield result("learning", name, "count", who, 6 * n, n=6 * n, **keys)
        for arm, size in sizes.items():
            yield result("learning", name, "count", who, size, n=size, category=arm, **keys)
    for arm, size in sizes.items():
        yield result("learning", "mean", "mean", "students", estimate(215.46, size, "points"),
                     category=arm, **keys)  # fmt: skip
    arm = {**keys, "category": "product"}
    means = [f"derived from {result_id('learning', 'mean', **keys, category=arm)}" for arm in sizes]
    raw = "school_effect" if school else "effect"
    yield result("learning", raw, "effect", "students", estimate(1.23, 6 * n, "points"),
                 smallest_n=3 * n, relation=means, **arm)  # fmt: skip
    derived = [f"derived from {result_id('learning', raw, **arm)}"]
    if school:
        yield result("learning", "school_effect_shrunken", "effect", "students",
                     estimate(0.9, 6 * n, "points"), smallest_n=3 * n, relation=derived,
                     **arm)  # fmt: skip
        return
    for name, unit in (("baseline", "sd"), ("effect_sd", "sd"), ("effect_cr2", "points"),
                       ("group_effect", "points")):  # fmt: skip
        yield result("learning", name, "effect", "students", estimate(0.123, 6 * n, unit), **arm,
                     smallest_n=3 * n,
                     group="disability" if name == "group_effect" else "")  # fmt: skip
    for category in ("school", "class", "residual"):
        yield result("learning", "variance", "coefficient", "students", 270.14, n=6 * n,
                     unit="points squared", category=category, **keys)  # fmt: skip
    yield result("learning", "icc", "coefficient", "students", 0.17, n=6 * n, unit="coefficient",
                 **keys)  # fmt: skip
    yield result("learning", "mdes", "effect", "none", 0.34, unit="sd", **arm)
    for name in ("lost", "moved", "changed_arm"):
        yield result("learning", name, "count", "students", 40, n=6 * n, **keys)
    yield result("learning", "lost_share", "proportion", "students", 0.14, n=6 * n, **keys)
    yield result("learning", "verdict", "level", "students", level="cannot tell", n=6 * n,
                 relation=derived, **arm)  # fmt: skip
    yield result("learning", "design", "text", "none", text="Teachers chose.", outcome="math")


def _once():
    yield result("alignment", "objective", "text", "none", text="Practice in reading.", **PRODUCT)
    yield result("quality", "rows", "count", "records", 5871, category="students", time="kept",
                 group="students.csv")  # fmt: skip
    yield result("quality", "set_aside", "count", "records", 3, category="usage",
                 group="student not on the roster")  # fmt: skip
    yield result("quality", "coverage", "proportion", "none", 1.0, school_id="S01",
                 category="usage")  # fmt: skip
    yield result("usage", "not_collected", "absence", "none", category="licenses",
                 text="Licenses were not collected.")  # fmt: skip


def catalogue_rows():
    rows = [*_parameters(), *_once()]
    for school, n in places().items():
        parts = [_conditions, _support, _usage, _teachers, _recommendation, _learning]
        if school:
            parts += [_why, _alignment]
        for part in parts:
            rows += part(school, n)
    return rows


@pytest.fixture(scope="session")
def catalogue() -> Results:
    return Results.from_rows(catalogue_rows())


_SERIAL = count()


@pytest.fixture
def row():
    """`row(kind, population, value, n, **details)`: one row; its id is new where it may be."""

    def make(kind, population, value=None, n=None, **details):
        section, name = details.pop("name", f"usage.made_up_{next(_SERIAL)}").split(".")
        smallest = (n or value.n) if kind == "effect" else nan
        details = {"remainder_percent": inf, "smallest_n": smallest} | details
        return result(section, name, kind, population, value, n=n, **details)

    return make
