"""Ratings that several publications use."""

import numpy as np
import pandas as pd
import pytest


@pytest.fixture(scope="session")
def krippendorff_2011():
    """Twelve units by four observers, with gaps: Krippendorff (2011), example C."""
    gap = np.nan
    return pd.DataFrame(
        {
            "A": [1, 2, 3, 3, 2, 1, 4, 1, 2, gap, gap, gap],
            "B": [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, gap, 3],
            "C": [gap, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, gap],
            "D": [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, gap],
        }
    )
