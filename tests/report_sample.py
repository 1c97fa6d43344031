"""A small made-up pilot as results: two schools, one product, every section of a brief."""

import json

from pilot_analysis.config import PilotConfig
from pilot_analysis.disclosure import DisclosurePolicy, protect
from pilot_analysis.report.brief import Brief
from pilot_analysis.report.claims import Prose
from pilot_analysis.report.facts import Facts
from pilot_analysis.report.page import Context, Page
from pilot_analysis.report.prepared import Prepared
from pilot_analysis.results import Results, result, result_id
from pilot_analysis.stats.estimate import Estimate

SCHOOLS = {"S1": "Harbor Street School", "S2": "Mill <Hill> School"}
WAVES = ("fall", "spring")
LIKERT = "scale points (1-5)"


def make_config(**pilot) -> PilotConfig:
    return PilotConfig.model_validate_json(
        json.dumps(
            {
                "folder": "sample",
                "sources": {"schools": {"file": "schools.csv"}},
                "pilot": {
                    "id": "sample",
                    "title": "Readwell in two schools",
                    "simulated": True,
                    "begin": "2025-10-01",
                    "period": "October 2025 to May 2026",
                    **pilot,
                },
                "design": {
                    "comparison": "rostered",
                    "reference": "comparison",
                    "arms": {
                        "comparison": {"label": "comparison classes"},
                        "readwell": {"label": "classes with Readwell"},
                    },
                },
                "outcomes": {
                    "reading": {
                        "label": "grade 3 reading",
                        "assessment": "map",
                        "pre_window": "fall",
                        "post_window": "spring",
                        "role": "confirmatory",
                        "cautions": [
                            "Of the students {lost_share} were lost, {n_moved} moved.",
                            "Mind the gap.",
                        ],
                    }
                },
                "scales": {
                    "ease": {"label": "ease of use", "measures": "ease"},
                    "use": {"label": "usefulness"},
                },
                "items": {"attention": {"question": "Students attend.", "kind": "observation"}},
                "groups": {
                    "english_learner": {
                        "label": "English learners",
                        "reference_label": "other students",
                    }
                },
                "report": {
                    "contact": "research@example.org",
                    "licence": "CC0 1.0",
                    "citation": "Us (2026).",
                },
            }
        )
    )


def estimate(value, low, high, unit, n, clusters=None, method="mixed") -> Estimate:
    return Estimate.from_interval(
        "", value, low, high, unit=unit, n=n, n_clusters=clusters, method=method
    )


def _parameters():
    for name, value, unit in (
        ("conf_level", 0.95, "proportion"),
        ("power", 0.8, "proportion"),
        ("smallest_worthwhile_effect", 0.1, "sd"),
        ("active_weeks", 8, "weeks"),
        ("response_gate", 0.25, "proportion"),
    ):
        yield result("parameters", name, "parameter", "none", value, unit=unit)


def _why(school):
    keys = {"school_id": school, "category": "W1", "outcome": "reading", "group": "english_learner"}
    yield result(
        "why",
        "statement",
        "text",
        "none",
        level="equity_gap",
        time="2025-09-12",
        text="Our English learners end grade 3 <behind>.",
        **keys,
    )
    ids = []
    for time, value in (("then", 8.4), ("now", 5.1)):
        for name in ("grounded_in", "grounded_in_others"):
            yield result(
                "why",
                name,
                "effect",
                "students",
                time=time,
                value=estimate(value, value - 3, value + 3, "points", 96, 18),
                smallest_n=96,
                **keys,
            )
        ids.append(result_id("why", "grounded_in", time=time, **keys))
    yield result(
        "why",
        "change",
        "effect",
        "students",
        estimate(-3.3, -5.9, -0.7, "points", 96, 18),
        smallest_n=96,
        relation=(f"change from {ids[0]}", f"derived from {ids[1]}"),
        **keys,
    )


def _conditions(school, many):
    for name, value in (("teachers_invited", 12), ("teachers_took_part", 9)):
        yield result(
            "conditions", name, "count", "teachers", value * many, n=12 * many, school_id=school
        )
    yield result(
        "conditions",
        "students_rostered",
        "count",
        "students",
        231 * many,
        n=231 * many,
        school_id=school,
    )
    yield result("conditions", "classes", "count", "classes", 18 * many, school_id=school)
    yield result(
        "conditions",
        "motivation",
        "mean",
        "teachers",
        estimate(4.1, 3.8, 4.4, LIKERT, 9 * many),
        school_id=school,
    )
    for arm in ("comparison", "readwell"):
        counts = {"rostered": 115, "pre": 92, "post": 84, "both": 80}
        keys = {"school_id": school, "outcome": "reading", "group": arm}
        whole = result_id("conditions", "flow", category="rostered", **keys)
        for category, value in counts.items():
            yield result(
                "conditions",
                "flow",
                "count",
                "students",
                value * many,
                n=115 * many,
                category=category,
                **keys,
                relation=() if category == "rostered" else (f"part of {whole}",),
            )


def _use(school, many):
    keys = {"school_id": school, "product_id": "readwell"}
    counts = {
        "licensed": 130,
        "rostered": 118,
        "ever_logged_in": 107,
        "active_weeks": 80,
        "met_target": 60,
    }
    whole = result_id("usage", "funnel", category="licensed", **keys)
    for category, value in counts.items():
        yield result(
            "usage",
            "funnel",
            "count",
            "students",
            value * many,
            n=130 * many,
            category=category,
            flags=("never logged in",),
            **keys,
            relation=() if category == "licensed" else (f"part of {whole}",),
        )
    whole = result_id("usage", "met_dose", **keys)
    yield result(
        "usage",
        "met_dose",
        "proportion",
        "students",
        estimate(0.46, 0.3, 0.62, "proportion", 130 * many, 9 * many),
        **keys,
    )
    for side, share, n in (("group", 0.4, 40), ("reference", 0.5, 90)):
        yield result(
            "usage",
            "met_dose",
            "proportion",
            "students",
            estimate(share, share - 0.2, share + 0.2, "proportion", n * many, 9 * many),
            group="english_learner",
            category=side,
            relation=(f"part of {whole}",),
            **keys,
        )
    for week in range(12):
        yield result(
            "usage",
            "minutes_per_week",
            "mean",
            "students",
            time=f"2025-{9 + week // 4:02d}-{1 + 7 * (week % 4):02d}",
            value=estimate(20.0 + week % 5, 15, 30, "minutes", 130 * many, 9 * many),
            remainder_percent=400,
            **keys,
        )


def _teachers(school, many):
    keys = {"school_id": school, "product_id": "readwell"}
    yield result(
        "teachers",
        "response",
        "proportion",
        "teachers",
        0.75,
        n=12 * many,
        time="spring",
        school_id=school,
        category="survey",
    )
    for wave, shift in zip(WAVES, (0, 0.4), strict=True):
        for scale in ("ease", "use"):
            yield result(
                "teachers",
                "scale",
                "mean",
                "respondents",
                category=scale,
                time=wave,
                value=estimate(3.3 + shift, 3.0, 4.2, LIKERT, 9 * many),
                **keys,
            )
    if school:
        yield result(
            "teachers",
            "triangulation",
            "level",
            "respondents",
            n=9,
            category="ease",
            level="survey higher",
            text="Teachers find it easier than observers saw.",
            **keys,
        )
        yield result(
            "teachers",
            "observed",
            "mean",
            "records",
            category="attention",
            value=estimate(3.1, 2.5, 3.7, "scale points (1-5)", 12),
            smallest_n=6,
            **keys,
        )


def _recommend(school, product, many):
    keys = {"school_id": school, "product_id": product}
    nps = result_id("recommendation", "nps", **keys)
    yield result(
        "recommendation",
        "nps",
        "score",
        "respondents",
        estimate(44, 4, 71, "NPS points", 9 * many, method="nps_score"),
        **keys,
    )
    for category, count in (("detractors", 1), ("passives", 3), ("promoters", 5)):
        yield result(
            "recommendation",
            "answers",
            "count",
            "respondents",
            count * many,
            n=9 * many,
            category=category,
            relation=(f"part of {nps}",),
            **keys,
        )
    for name, count in (("responded", 9), ("invited", 12)):
        yield result("recommendation", name, "count", "teachers", count * many, n=12 * many, **keys)
    for name, value in (("nps_worst", 8), ("nps_best", 58)):
        yield result(
            "recommendation",
            name,
            "score",
            "respondents",
            value,
            n=9 * many,
            relation=(f"derived from {nps}",),
            unit="NPS points",
            **keys,
        )
    if school:
        yield result(
            "recommendation",
            "decision",
            "level",
            "schools",
            n=1,
            level="continue",
            text="Our 3rd graders ask for it.",
            **keys,
        )


def _learning(lost, flags):
    keys = {"outcome": "reading", "category": "readwell"}
    yield result(
        "learning",
        "design",
        "text",
        "none",
        outcome="reading",
        text="Classes of volunteers against the other classes of the same 2 schools.",
    )
    effect = estimate(1.3, -2.2, 4.8, "points", 424, 36).flagged(*flags)
    yield result("learning", "effect", "effect", "students", effect, smallest_n=200, **keys)
    yield result(
        "learning",
        "effect_sd",
        "effect",
        "students",
        estimate(0.09, -0.15, 0.33, "sd", 424, 36),
        smallest_n=200,
        **keys,
    )
    yield result(
        "learning",
        "effect_cr2",
        "effect",
        "students",
        estimate(1.1, -2.6, 4.8, "points", 424, 36, "cr2"),
        smallest_n=200,
        **keys,
    )
    yield result("learning", "mdes", "effect", "none", 0.34, unit="sd", **keys)
    yield result(
        "learning",
        "verdict",
        "level",
        "students",
        n=424,
        level="cannot tell",
        relation=(f"derived from {result_id('learning', 'effect', **keys)}",),
        **keys,
    )
    yield result(
        "learning",
        "group_effect",
        "effect",
        "students",
        estimate(3.1, -1.9, 8.1, "points", 96, 16),
        smallest_n=45,
        group="english_learner",
        **keys,
    )
    yield result(
        "learning",
        "lost_share",
        "proportion",
        "students",
        lost,
        n=462,
        outcome="reading",
        unit="proportion",
    )
    yield result("learning", "moved", "count", "students", 14, n=462, outcome="reading")
    for school in ("", *SCHOOLS):
        for arm in ("comparison", "readwell"):
            yield result(
                "learning",
                "mean",
                "mean",
                "students",
                school_id=school,
                outcome="reading",
                category=arm,
                value=estimate(201.4, 199, 204, "points", 106, 9),
            )
    for school in SCHOOLS:
        yield result(
            "learning",
            "school_effect_shrunken",
            "effect",
            "students",
            school_id=school,
            value=estimate(1.0, -2.5, 4.4, "points", 212, 18, "shrink_effects"),
            smallest_n=100,
            **keys,
        )


def _scorecard(school):
    levels = {
        "conditions": ("strong", "In place"),
        "use": ("mixed", "Half met plan"),
        "observed": ("concern", "Seldom seen"),
        "learning": ("cannot_tell", "Cannot tell"),
    }
    for category, (level, words) in levels.items():
        yield result(
            "scorecard",
            "verdict",
            "level",
            "none",
            school_id=school,
            category=category,
            product_id="readwell",
            level=level,
            text=words,
        )


def make_results(lost=0.08, extra=(), effect_flags=()) -> Results:
    rows = [*_parameters(), *_learning(lost, effect_flags)]
    for school in SCHOOLS:
        rows += [*_why(school), *_scorecard(school)]
    for school in ("", *SCHOOLS):
        many = 1 if school else len(SCHOOLS)
        rows += [
            *_conditions(school, many),
            *_use(school, many),
            *_teachers(school, many),
            *_recommend(school, "readwell", many),
        ]
        if not school:
            rows.append(
                result(
                    "support",
                    "not_collected",
                    "absence",
                    "none",
                    category="support_log",
                    text="Contacts for help were not recorded.",
                )
            )
    return Results.from_rows([*rows, *extra])


def make_prepared(audience="team", **details) -> Prepared:
    context = Context(
        config=make_config(),
        schools=SCHOOLS,
        products={"readwell": "Readwell 5"},
        files=({"table": "usage", "file": "usage 2026.csv", "keyed_hash": "0123abcd"},),
        versions={"pilot-analysis": "0.1.0"},
        commit="abc",
    )
    protected = protect(make_results(**details), DisclosurePolicy.named(audience))
    return Prepared(protected, context, audience)


def make_brief(school_id="S1", audience="team", **details) -> Brief:
    ready = make_prepared(audience, **details)
    facts = Facts(ready.protected.for_brief(school_id))
    page = Page(facts, Prose(facts), ready.context, school_id, "", audience)
    return Brief(page, None if school_id else ready.protected)
