"""Primary suppression: what each result would say on its own, by one rule for each kind."""

import math
import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from pilot_analysis.disclosure.dominance import is_dominated
from pilot_analysis.disclosure.policy import PEOPLE, DisclosurePolicy
from pilot_analysis.disclosure.structure import (
    ARM_SIZES,
    GROUP_SIZES,
    NESTED,
    WORDS,
    around_scores,
    chain_of,
    name_of,
    refusal,
)
from pilot_analysis.results import CONSENT, NAMES_REMOVED, ONE_PERSON, POPULATIONS
from pilot_analysis.stats.cluster.mean import NO_VARIATION

__all__ = ["CODED", "GONE", "SHOWN", "SUPPRESSED", "Verdict", "as_range", "judge_all"]

SHOWN, CODED, SUPPRESSED, GONE = 0, 1, 2, 3
"""As it is; only as a range in words; not at all; not even that it was there."""

_TOLERANCE = 1e-6


class Verdict(NamedTuple):
    """What becomes of one result: the rule that hid it, or the words that stand for the number."""

    state: int
    rule: str = ""
    words: str = ""


_SHOW = Verdict(SHOWN)


def judge_all(rows: Sequence[Any], policy: DisclosurePolicy) -> list[Verdict]:
    """Return the verdict on every result by itself.

    Parameters
    ----------
    rows : sequence of named tuples
        The columns of `Results`, one tuple per result.

    Raises
    ------
    DisclosureError
        A kind or population without a rule, a missing n, or a relation that is not understood.
    """
    counts, follow = around_scores(rows)
    verdicts = []
    for row in rows:
        if row.result_id in follow:
            verdicts.append(_judge_size(row, policy))  # shown or hidden with its score
        elif row.kind == "score":
            verdicts.append(_judge_score(row, policy, counts.get(row.result_id, [])))
        else:
            verdicts.append(_judge(row, policy))
    _judge_steps(rows, policy, verdicts)
    return verdicts


def refuse_strange(rows: Sequence[Any]) -> None:
    """Refuse a kind or population that no rule is for."""
    for row in rows:
        if row.kind not in _JUDGES or row.population not in POPULATIONS:
            raise refusal(
                row, f"there is no rule for kind {row.kind!r} of population {row.population!r}."
            )


def _judge(row, policy) -> Verdict:
    words_only = row.kind in WORDS
    if ONE_PERSON in row.flags:
        if policy["single_person_roles"] == "hidden":
            return Verdict(SUPPRESSED, "single person role")
        if policy["single_person_roles"] == "with consent" and CONSENT not in row.flags:
            return Verdict(SUPPRESSED, "no consent")
        if words_only and not _is_comment(row):
            return _SHOW
    names_schools = row.name == "disagreeing" and (row.school_id or row.value_text or words_only)
    if names_schools and policy["disagreeing_schools"] != "named":
        return Verdict(GONE)
    verdict, too_plain = _JUDGES[row.kind](row, policy), is_dominated(row, policy)
    if too_plain and verdict.state < SUPPRESSED:
        return Verdict(SUPPRESSED, "dominance")
    return verdict


def _judge_size(row, policy) -> Verdict:
    """Apply the minimum n of the denominator."""
    if row.population == "none":
        if row.kind not in WORDS and not math.isnan(row.n):
            raise refusal(row, "it has an n, so it must say of which population.")
        return _SHOW
    if math.isinf(row.n):
        raise refusal(row, "its n is infinite.")
    if math.isnan(row.n):
        if row.population in PEOPLE or (row.population == "records" and row.kind != "count"):
            who = row.population
            raise refusal(
                row, f"a {row.kind} of {who} needs n, the number of distinct {who} behind it."
            )
        return _SHOW
    if row.population == "records" and row.kind == "count":
        return _SHOW
    n, least = row.n, policy.minimum_n(row.population)
    if row.population == "records":
        people = row.n_clusters if math.isnan(row.smallest_n) else row.smallest_n
        if math.isnan(people):
            raise refusal(row, "it needs n_clusters, the distinct people behind the records.")
        few = people < policy.minimum_n("teachers")  # many lessons or contacts, but few people
    else:
        few = row.smallest_n < least  # not where it is missing: no groups are compared
    return Verdict(SUPPRESSED, "minimum n") if few or n < least else _SHOW


def _judge_count(row, policy) -> Verdict:
    if name_of(row) in ARM_SIZES and row.estimate < row.n:
        row = row._replace(n=row.estimate)
    verdict = _judge_size(row, policy)
    if verdict.state or _is_size(row):
        return verdict
    least = policy.minimum_category(row.population)
    k, rest = row.estimate, row.n - row.estimate
    if policy["coding_bands"] and (k <= 0 or rest <= 0):
        return Verdict(SUPPRESSED, "small category")  # which of them it is would be told too
    if 0 < k < least or 0 < rest < least:
        return Verdict(SUPPRESSED, "small category")
    return _SHOW


def _is_size(row) -> bool:
    """Whether a count or share is about who took part, not about a trait within the group."""
    return (
        row.population not in PEOPLE
        or name_of(row) in NESTED | GROUP_SIZES | ARM_SIZES
        or (row.kind == "count" and not row.category and row.estimate == row.n)
    )


def _judge_proportion(row, policy) -> Verdict:
    """Give a share that says nearly the same of everyone, or of a few, as a range."""
    verdict = _judge_size(row, policy)
    if verdict.state or math.isnan(row.estimate):
        return verdict
    if name_of(row) in GROUP_SIZES and row.estimate * row.n < policy.minimum_n(row.population):
        return Verdict(SUPPRESSED, "minimum n")  # so few took part
    if _is_size(row):
        return verdict
    form, least = policy["coding_form"], policy.minimum_category(row.population)
    few = least if form == "less than" and least > 1 else least - 1
    for bound in (policy.coded_share(row.n), few / row.n):
        low, high = _coded(bound, row.estimate, form)
        if low and high:
            return Verdict(SUPPRESSED, "small category")
        if low or high:
            return Verdict(CODED, words=low or high)
    return verdict


def _coded(bound: float, share: float, form: str) -> tuple[str, str]:
    """Return the words for a share at the low end and at the high end; blank: it is not there."""
    percent = math.ceil(100 * bound - _TOLERANCE)
    # "at most" holds the bound itself, "less than" does not
    reach = bound + _TOLERANCE if form == "at most" else bound - _TOLERANCE
    words = {
        "at most": (f"at most {percent}%", f"at least {100 - percent}%"),
        "less than": (f"<{percent}%", f">{100 - percent}%"),
    }[form]
    is_low, is_high = bound > 0 and share <= reach, bound > 0 and share >= 1 - reach
    return words[0] if is_low else "", words[1] if is_high else ""


def _judge_mean(row, policy) -> Verdict:
    verdict = _judge_size(row, policy)
    scale = re.search(r"\((-?[\d.]+) ?[-–] ?(-?[\d.]+)\)$", row.unit)
    if verdict.state or row.population not in (*PEOPLE, "records"):
        return verdict
    if policy["coding_bands"] and NO_VARIATION in row.flags and row.population in PEOPLE:
        return Verdict(SUPPRESSED, "small category")  # everyone is alike
    if not scale:
        return verdict
    low, high = float(scale[1]), float(scale[2])
    near = policy["coding_of_means"] * (high - low)
    if near and row.estimate <= low + near:
        return Verdict(CODED, words="near the bottom of the scale")
    if near and row.estimate >= high - near:
        return Verdict(CODED, words="near the top of the scale")
    return verdict


def _judge_effect(row, policy) -> Verdict:
    """Apply the minimum n to the smaller of the two groups."""
    if row.population in PEOPLE and math.isnan(row.smallest_n):
        raise refusal(row, "a difference needs smallest_n, the people in its smaller group.")
    return _judge_size(row, policy)


def _judge_score(row, policy, sizes=()) -> Verdict:
    """Show a score only where its counts could be shown: the score and n give them away."""
    verdict = _judge_size(row, policy)
    least = policy.minimum_category(row.population)
    careful = least > 1 or policy["coding_bands"]
    if verdict.state or not careful or math.isnan(row.estimate):
        return verdict
    if sizes and abs(sum(sizes) - row.n) > _TOLERANCE:
        raise refusal(row, f"its counts add up to {sum(sizes):g}, not to n = {row.n:g}.")
    present = [size for size in sizes if size > 0]
    if len(present) > 1 and min(present) >= least:
        return verdict
    return as_range(row, policy)


def as_range(row, policy) -> Verdict:
    """Return the verdict that shows a score only as a word."""
    band = policy["score_bands"]
    side = "mostly promoters" if row.estimate >= band else "mixed"
    return Verdict(CODED, words="mostly detractors" if row.estimate <= -band else side)


def _judge_level(row, policy) -> Verdict:
    """Words may follow from results instead of having an n of their own."""
    if math.isnan(row.n) and len(row.relation):
        return _SHOW
    return _judge_size(row, policy)


def _is_comment(row) -> bool:
    return row.kind == "text" and row.population in PEOPLE


def _judge_text(row, policy) -> Verdict:
    verdict, allowed = _judge_size(row, policy), policy["comments"]
    if not _is_comment(row):
        return verdict
    if allowed == "hidden":
        return Verdict(SUPPRESSED, "comment")
    has_role = bool(row.group) or ONE_PERSON in row.flags
    if allowed == "without school and role" and row.school_id and has_role:
        return Verdict(SUPPRESSED, "school and role")
    if NAMES_REMOVED not in row.flags:
        raise refusal(row, f"a comment needs the flag {NAMES_REMOVED!r} before it may be shown.")
    return verdict


def _judge_nothing(row, policy) -> Verdict:
    if row.population != "none":
        raise refusal(row, f"a {row.kind} is about no population, not about {row.population}.")
    return _SHOW


def _judge_steps(rows, policy, verdicts) -> None:
    """Hide counts of a nested chain that stand too close to the one before them.

    A step smaller than the minimum would say how few were lost there. Whether a count is hidden
    is settled by the count before it, hidden or not: a stricter minimum then never shows more.
    """
    chains: dict[tuple, list[int]] = defaultdict(list)
    for at, row in enumerate(rows):
        if name_of(row) in NESTED:
            chains[chain_of(row)].append(at)
    for chain in chains.values():
        least = policy.minimum_category(rows[chain[0]].population)
        chain.sort(key=lambda at: (-rows[at].estimate, rows[at].result_id))
        for before, at in pairwise(chain):
            k = rows[at].estimate
            step = rows[before].estimate - k
            is_close = 0 < step < least or (step == 0 and verdicts[before].state)
            is_small = 0 < k < least or (k == 0 and policy["coding_bands"])
            if not verdicts[at].state and (is_close or is_small):
                verdicts[at] = Verdict(SUPPRESSED, "small step" if is_close else "small category")


_JUDGES = {
    "count": _judge_count,
    "proportion": _judge_proportion,
    "mean": _judge_mean,
    "effect": _judge_effect,
    "score": _judge_score,
    "coefficient": _judge_size,
    "test": _judge_size,
    "level": _judge_level,
    "text": _judge_text,
    "absence": _judge_nothing,
    "parameter": _judge_nothing,
}
