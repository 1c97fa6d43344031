"""A brief of any pilot as its page, without running the notebook."""

from pathlib import Path

import nbformat

__all__ = ["export"]

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"


def export(brief, name="02_school_brief", without="nothing") -> str:
    """Return the page of a brief; cells tagged `without` are left out."""
    from pilot_analysis.batch.export import to_html

    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    for cell in notebook.cells:
        if without in cell.metadata.get("tags", []):
            continue
        if cell.cell_type == "code" and cell.source.startswith("brief."):
            shown = getattr(brief, cell.source.removeprefix("brief.").removesuffix("()"))()
            data = {"text/html": shown._repr_html_(), "text/plain": repr(shown)}
            cell.outputs = [nbformat.v4.new_output("execute_result", data)]
    return to_html(
        notebook, title=brief.title, language=brief.language, description=brief.description
    )
