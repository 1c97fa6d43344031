"""The last look before anything is handed out: what a run releases, read as a stranger would.

`audit_runs` reads every file that a reader would get, and tells what should not be there or could
be worked out. `release_run` hands a run out, and keeps the ledger of what readers know already.
"""

from pilot_analysis.release.audit import audit_runs, require_safe, write_private
from pilot_analysis.release.contents import NOTEBOOK_METADATA
from pilot_analysis.release.findings import Audit, Finding
from pilot_analysis.release.ledger import audit_and_note, release_run, withdraw_run
from pilot_analysis.release.people import people_of

__all__ = [
    "NOTEBOOK_METADATA",
    "Audit",
    "Finding",
    "audit_and_note",
    "audit_runs",
    "people_of",
    "release_run",
    "require_safe",
    "withdraw_run",
    "write_private",
]
