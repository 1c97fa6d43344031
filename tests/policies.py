"""Policies that differ in their minimums."""


def capped(policy, level):
    """Return the policy with no minimum above `level`."""
    return policy.with_minimums({key: min(n, level) for key, n in policy.minimums.items()})
