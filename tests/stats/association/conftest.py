import json
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def made():
    """The numbers that `tests/oracles/made/association.R` wrote."""
    path = Path(__file__).parents[2] / "oracles" / "made" / "association.json"
    return json.loads(path.read_text(encoding="utf-8"))
