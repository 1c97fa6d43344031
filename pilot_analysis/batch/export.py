"""Executed notebooks -> pages, by one exporter for the life of a process."""

from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["TEMPLATES", "to_html"]

TEMPLATES = Path(__file__).parent / "templates"


def to_html(notebook: Any, *, title: str, language: str, description: str) -> str:
    """Return the page of an executed notebook: self-contained, without input cells.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        Cells tagged "parameters", "injected-parameters" or "setup" are left out altogether.
    title, description : str
        Title and description in the page's head.
    language : str
        Language of the text, e.g. "en".

    Returns
    -------
    str
        HTML; the same for the same notebook and words.
    """
    resources = {
        "metadata": {"name": title},
        "brief": {"title": title, "language": language, "description": description},
    }
    html, _ = _exporter().from_notebook_node(notebook, resources)
    return html


@cache
def _exporter() -> Any:
    from nbconvert.exporters.html import HTMLExporter  # takes a second: only where pages are made

    return HTMLExporter(template_name="brief", extra_template_basedirs=[str(TEMPLATES)])
