"""Randomization inference at the level that was assigned, within its blocks."""

from pilot_analysis.stats.randomization.inference import RandomizationTest, randomization_test

__all__ = ["RandomizationTest", "randomization_test"]
