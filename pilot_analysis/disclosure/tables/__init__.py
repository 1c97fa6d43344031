"""Tables of numbers that hang together: what a reader can find out, and what to hide."""

from pilot_analysis.disclosure.tables.audit import audit
from pilot_analysis.disclosure.tables.bounds import denominators
from pilot_analysis.disclosure.tables.published import Linear, Product, PublishedTable
from pilot_analysis.disclosure.tables.suppression import Pattern, choose_pattern, suppress

__all__ = [
    "Linear",
    "Pattern",
    "Product",
    "PublishedTable",
    "audit",
    "choose_pattern",
    "denominators",
    "suppress",
]
