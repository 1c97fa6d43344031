"""`pilot check`: everything that those who hold the data should see before a brief is made."""

from pilot_analysis.check.whole import Checked, check_pilot

__all__ = ["Checked", "check_pilot"]
