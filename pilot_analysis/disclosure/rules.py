"""The rules by which a result is hidden, and what a reader is told of them."""

__all__ = ["RULES", "told_rule"]

RULES = {
    "minimum n": "The group is too small.",
    "small category": "A category within the group is too small, empty, or everyone.",
    "small step": "Too few people lie between this number and the one before it.",
    "dominance": "One or two people make up nearly all of it.",
    "single person role": "It is about one person whose role makes them known.",
    "no consent": "It is about one person whose role makes them known, and no consent is recorded.",
    "comment": "Comments are not shown to this audience.",
    "school and role": "A comment is not shown where both school and role of its writer are named.",
    "source hidden": "It follows from a number that is hidden.",
    "protects another": "With it, a hidden number could be worked out.",
    "small groups": "It is about too few people, or would give such a number away.",
}
"""Rule, as the column `suppressed` names it -> what to say to a reader."""

_SMALL_GROUPS = frozenset({
    "minimum n", "small category", "small step", "dominance", "source hidden", "protects another",
})  # fmt: skip


def told_rule(rule: str) -> str:
    """Return what a reader of a brief is told of the rule that hid a number.

    Not which of the rules that protect small groups: of two hidden groups of 18 together, of
    which each is known to be smaller than 10, each has 9.
    """
    return "small groups" if rule in _SMALL_GROUPS else rule
