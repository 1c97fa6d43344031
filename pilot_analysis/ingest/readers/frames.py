"""Text by column <-> a frame of text, for readers that join or reshape."""

import pandas as pd

from pilot_analysis.ingest.cells import Cells
from pilot_analysis.ingest.raw import RawTable, header_key

__all__ = ["frame_of", "raw_of"]


def frame_of(raw: RawTable) -> pd.DataFrame:
    """Return a frame of text: a column for each header key, and `row`, the row in the file."""
    columns = {key: pd.array(cells.texts(), dtype="str") for key, cells in raw.columns.items()}
    return pd.DataFrame({**columns, "row": raw.rows})


def raw_of(file: str, frame: pd.DataFrame) -> RawTable:
    """Return a frame of text with a column `row` as text by column.

    Parameters
    ----------
    file : str
        Name for messages.
    frame : pandas.DataFrame
        Every column but `row` is text, without missing values; its name is what messages call it.
    """
    names = {header_key(name): name for name in frame.columns if name != "row"}
    columns = {key: Cells.of(frame[name].to_numpy(dtype=object)) for key, name in names.items()}
    return RawTable(file, names, columns, frame["row"].to_numpy())
