"""Did students learn more: the comparison of arms, and whether this pilot could have seen it."""

from collections.abc import Iterator

from pilot_analysis.errors import DesignError
from pilot_analysis.evaluation.absence import not_collected
from pilot_analysis.evaluation.comparison import assemble_comparison
from pilot_analysis.evaluation.learning_models import PRIOR_SCALE
from pilot_analysis.evaluation.learning_rows import OutcomeRows, Row, absent
from pilot_analysis.evaluation.rosters import group_side
from pilot_analysis.results import Results, result
from pilot_analysis.stats.association.shares import cluster_proportion
from pilot_analysis.stats.cluster.mean import cluster_mean
from pilot_analysis.stats.effects import baseline_equivalence
from pilot_analysis.stats.estimate import Estimate

__all__ = ["learning"]

NO_COMPARISON = (
    "There was no comparison group, so what students would have learned without it is not known."
)
TOO_FEW = "Too few of the units that were assigned have scores, so the groups were not compared."
_NEEDED = ("assessments", "assignments", "enrollments")


def learning(pilot) -> Results:
    """Return, per outcome and arm, the difference in scores with all that it rests on.

    Parameters
    ----------
    pilot : Pilot

    Returns
    -------
    Results
        Section "learning": who was compared, means, baseline, effect (points and SD), its check,
        variances, the detectable effect, effects of schools and groups, losses, the verdict. What
        cannot be estimated is an undefined effect and a row "not_estimable" with the reason.
    """
    if pilot.config.design.comparison == "none" or not pilot.config.outcomes:
        return Results.from_rows([not_collected("learning", "comparison", sentence=NO_COMPARISON)])
    missing = [not_collected("learning", name) for name in _NEEDED if not pilot.has(name)]
    if missing:
        return Results.from_rows(missing)
    rows = [result("learning", "prior_scale", "parameter", "none", PRIOR_SCALE, unit="sd")]
    for outcome in pilot.config.outcomes:
        rows += _outcome(pilot, outcome)
    return Results.from_rows(rows)


def _outcome(pilot, outcome: str) -> Iterator[Row]:
    try:
        comparison = assemble_comparison(pilot, outcome)
    except DesignError as reason:
        yield absent(outcome, "", reason)
        return
    say = OutcomeRows(pilot, comparison)
    yield say.row("design", "text", "none", text=pilot.config.design.description)
    yield from _people(say)
    yield from _losses(say)
    for arm in comparison.too_few:
        yield from say.not_estimable(arm, TOO_FEW)
    yield from _effects(pilot, say)


def _people(say: OutcomeRows) -> Iterator[Row]:
    """Yield how many were compared, and their mean scores."""
    everyone, level = say.comparison.frame, say.models.inference.conf_level
    counted = {"students": "student_id", "classes": "class_id", "schools": "school_id"}
    arms = ["", say.comparison.reference, *say.comparison.arms]
    for arm in arms:
        frame = everyone if not arm else everyone[everyone["arm"] == arm]
        for name, column in counted.items():
            count = frame[column].nunique()
            total = [f"part of {say.id_of(name)}"] if arm and name == "students" else []
            yield say.row(name, "count", name, count, n=count, category=arm, relation=total)
        if not arm:
            continue
        for school, part in [("", frame), *frame.groupby("school_id")]:
            mean = cluster_mean(part["post"], part["unit_id"], name=arm, conf_level=level)
            yield say.row("mean", "mean", "students", mean, category=arm, school_id=school)


def _losses(say: OutcomeRows) -> Iterator[Row]:
    start, n = say.comparison.start, len(say.comparison.frame)
    level = say.models.inference.conf_level
    lost = cluster_proportion(start["lost"], start["unit_id"], conf_level=level)
    yield say.row("lost", "count", "students", int(start["lost"].sum()), n=len(start))
    yield say.row("lost_share", "proportion", "students", lost)
    yield say.row("moved", "count", "students", say.comparison.moved, n=n)
    yield say.row("changed_arm", "count", "students", say.comparison.changed_arm, n=n)


def _effects(pilot, say: OutcomeRows) -> Iterator[Row]:
    models = say.models
    try:
        mixed = models.mixed()
        primary = models.primary() if models.about_like_schools else mixed
    except DesignError as reason:
        for arm in say.comparison.arms:
            yield from say.not_estimable(arm, reason)
        return
    yield from _variances(say, mixed)
    for arm in say.comparison.arms:
        effect = models.effect(primary, arm)
        if not effect.is_defined:
            yield from say.not_estimable(arm, "The model did not converge.")
            continue
        yield from _effect(say, arm, effect, mixed)
        yield from _check(say, arm)
        yield from _baseline(say, arm)
        yield from _schools(say, arm, mixed)
        yield from _groups(pilot, say, arm)


def _variances(say: OutcomeRows, mixed) -> Iterator[Row]:
    called = {"school_id": "school", "class_id": "class", "residual": "residual"}
    n = len(say.comparison.frame)
    details = {"n": n, "method": "mixed", "flags": mixed.flags}
    for column, value in mixed.variances.items():
        yield say.row(
            "variance", "coefficient", "students", value, category=called[column],
            unit="points squared", **details,
        )  # fmt: skip
    for column, value in mixed.icc.items():
        yield say.row(
            "icc", "coefficient", "students", value, category=called[column], unit="coefficient",
            **details,
        )  # fmt: skip


def _effect(say: OutcomeRows, arm: str, effect: Estimate, mixed) -> Iterator[Row]:
    models = say.models
    source = say.id_of("effect", category=arm)
    derived = [f"derived from {source}"]
    yield say.effect("effect", arm, effect)
    try:
        in_sd = models.in_sd(effect, mixed)
    except DesignError as reason:
        yield absent(say.comparison.outcome, arm, reason, "no_effect_sd")
        return
    yield say.effect("effect_sd", arm, in_sd, relation=derived)
    yield say.row(
        "verdict", "level", "students", level=models.verdict(in_sd), n=effect.n, category=arm,
        relation=derived,
    )  # fmt: skip


def _check(say: OutcomeRows, arm: str) -> Iterator[Row]:
    if say.models.about_like_schools:
        return  # the primary model is this one
    try:
        estimate = say.models.robust()[f"arm[T.{arm}]"].renamed(arm)
    except DesignError as reason:
        yield absent(say.comparison.outcome, arm, reason, "no_check")
        return
    yield say.effect("effect_cr2", arm, estimate)


def _baseline(say: OutcomeRows, arm: str) -> Iterator[Row]:
    if not say.comparison.has_pre:
        return
    try:
        estimate = say.models.baseline(arm)
        if not estimate.is_defined:
            raise DesignError("The model of the scores at the start did not converge.")
    except DesignError as reason:
        yield absent(say.comparison.outcome, arm, reason, "no_baseline")
        return
    level = baseline_equivalence(estimate.estimate)
    yield say.effect("baseline", arm, estimate, level=level)


def _schools(say: OutcomeRows, arm: str, mixed) -> Iterator[Row]:
    """Yield the detectable effect and every school's own effect, raw and shrunken."""
    models, level = say.models, say.models.inference.conf_level
    tau = 0.0
    try:
        raw = models.school_effects(arm, mixed)
        pooled = models.shrunken(raw)
        tau = pooled.tau
    except DesignError as reason:
        raw = None
        yield absent(say.comparison.outcome, arm, reason, "no_school_effects")
        within = models.design.assigned_unit != "school"
        if models.about_like_schools and within:  # what differs between schools is not known
            yield absent(say.comparison.outcome, arm, reason, "no_mdes")
            return
    try:
        detectable = models.detectable(arm, mixed, tau)
        yield say.row(
            "mdes",
            "effect",
            "none",
            detectable,
            unit="sd",
            category=arm,
            method="mdes",
            flags=mixed.flags,
        )
    except DesignError as reason:
        yield absent(say.comparison.outcome, arm, reason, "no_mdes")
    if raw is None:
        return
    shrunken = zip(
        pooled.estimate, pooled.std_error, pooled.conf_low, pooled.conf_high, strict=True
    )
    for (school, own), (value, std_error, low, high) in zip(raw.iterrows(), shrunken, strict=True):
        details = {"n": own["n"], "n_clusters": own["units"], "unit": "points"}
        details["flags"] = mixed.flags  # its variances stand behind every school's uncertainty
        details["conf_level"] = level
        alone = Estimate.from_z(arm, own["estimate"], own["std_error"], method="mixed", **details)
        yield say.effect("school_effect", arm, alone, school_id=school)
        leaning = Estimate.from_interval(
            arm, value, low, high, std_error=std_error, method="shrink_effects", **details
        )
        source = say.id_of("school_effect", category=arm, school_id=school)
        yield say.effect(
            "school_effect_shrunken", arm, leaning, school_id=school,
            relation=[f"derived from {source}"],
        )  # fmt: skip


def _groups(pilot, say: OutcomeRows, arm: str) -> Iterator[Row]:
    """Yield the effect among the students of each group that the config names."""
    frame = say.comparison.frame
    frame = frame[frame["arm"].isin([arm, say.comparison.reference])]
    frame = frame.assign(arm=frame["arm"].cat.remove_unused_categories())
    for column in pilot.config.groups:
        side = group_side(pilot, column)
        if side is None:
            continue
        member = frame["student_id"].map(side).fillna(False).astype(bool)
        part = frame[member]
        try:
            if part.groupby("arm", observed=False)["unit_id"].nunique().min() < 2:
                raise DesignError(TOO_FEW)
            effect = say.models.effect(say.models.primary(part), arm, part)
        except DesignError as reason:
            effect = say.undefined(arm, reason, part)
        yield say.effect("group_effect", arm, effect, among=part, group=column)
