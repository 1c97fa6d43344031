"""The errors that a user may meet; each message is a whole sentence that says what to do next."""

from collections.abc import Iterable


class PilotError(Exception):
    """Base of every error that this package raises on purpose.

    The command line prints the message of a `PilotError` without a traceback: it must name the
    place (file, row, column, or key), the rule, what was found, and the next step.

    Attributes
    ----------
    faults : tuple of str
        What the message lists, one by one; none where it is about one thing.
    """

    def __init__(self, message: str = "", faults: Iterable[str] = ()):
        super().__init__(message)
        self.faults = tuple(faults)


class ConfigError(PilotError):
    """``pilot.toml`` is missing, cannot be read, or holds a key or value that is refused."""


class DataError(PilotError):
    """An input file or table breaks a rule; the message lists every failure found."""


class DesignError(PilotError):
    """The data cannot answer the question: too few clusters, one arm, no variation, and so on."""


class DisclosureError(PilotError):
    """Something would be shown that no declared rule allows; nothing is shown."""


class RunError(PilotError):
    """A run of the notebooks could not start, or a brief could not be finished."""
