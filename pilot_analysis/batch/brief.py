"""One brief, from a notebook to the four files that a reader gets; runs in a copy of the zygote."""

import json
import shutil
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pilot_analysis.batch.claims import read_claims, require_traced
from pilot_analysis.batch.export import to_html
from pilot_analysis.batch.notebook import require_clean, strip_run
from pilot_analysis.batch.tasks import BriefTask
from pilot_analysis.disclosure import ProtectedResults
from pilot_analysis.errors import PilotError, RunError
from pilot_analysis.report import open_brief
from pilot_analysis.report.figures import draw_canvas, finish_figure

__all__ = ["LARGEST_PAGE", "LONGEST_CELL", "make_brief", "warm_up", "write_brief"]

LARGEST_PAGE = 1_500_000  # bytes: a page must open on a phone
LONGEST_CELL = 600  # seconds: a cell that never ends must not hold up the run


def warm_up() -> None:
    """Do once, in the zygote, what every copy would do again: find fonts, compile the template."""
    import nbformat

    canvas, axes = draw_canvas(60)
    axes.plot([0, 1], [0, 1])
    axes.text(0, 0, "fonts", weight="bold")
    finish_figure(canvas, "warm-up", title="", alt="", caption="", data=[])
    cells = [nbformat.v4.new_markdown_cell("## A title\n\nand *words*.")]
    to_html(nbformat.v4.new_notebook(cells=cells), title="", language="en", description="")


def make_brief(task: Mapping[str, Any], zygote: str) -> dict[str, Any]:
    """Make one brief; its folder appears only when all of it is there and has passed.

    Parameters
    ----------
    task : mapping
        Fields of a `BriefTask`.
    zygote : str
        `Zygote.address`, for the kernel.

    Returns
    -------
    dict
        "reason" ("" when made; else one line that says why not), "seconds" (step -> seconds) and
        "kernel_bytes". What went wrong in full is under ``_private/errors/``.
    """
    made = BriefTask(**task)
    made.work.parent.mkdir(exist_ok=True)
    seconds: dict[str, float] = {}
    usage = {"kernel_bytes": 0}
    reason = ""
    try:
        notebook = _execute(made, zygote, seconds, usage)
        _publish(made, notebook, seconds)
        made.work.unlink()
    except Exception as error:
        reason = _in_one_line(error)
        made.work.with_suffix(".txt").write_text(traceback.format_exc(), encoding="utf-8")
    return {"reason": reason, "seconds": seconds, **usage}


def _execute(task: BriefTask, zygote: str, seconds: dict, usage: dict) -> Any:
    import papermill

    begin = time.perf_counter()
    notebook = papermill.execute_notebook(
        task.notebook.replace("{", "{{").replace("}", "}}"),  # papermill formats paths
        str(task.work).replace("{", "{{").replace("}", "}}"),
        task.parameters,
        engine_name="pilot",
        kernel_name="python3",
        progress_bar=False,
        execution_timeout=LONGEST_CELL,
        zygote=zygote,
    )
    usage["kernel_bytes"] = notebook.metadata.papermill.get("kernel_bytes", 0)
    seconds["execute"] = time.perf_counter() - begin
    return notebook


def _publish(task: BriefTask, notebook: Any, seconds: dict) -> None:
    begin = time.perf_counter()
    require_clean(notebook)
    strip_run(notebook, task.shown_parameters)
    prepared = task.parameters["prepared"]
    brief = open_brief(
        task.pilot, school_id=task.school_id or None, audience=task.audience, prepared=prepared
    )
    title, description = brief.title, brief.description
    if task.school_id is None:  # the page about every school is the one on data quality
        title, description = brief.quality_title, brief.quality_description
    html = to_html(notebook, title=title, language=brief.language, description=description)
    seconds["page"] = time.perf_counter() - begin
    begin = time.perf_counter()
    results = ProtectedResults.read(prepared, task.school_id).to_json()
    claims = read_claims(html)
    require_traced(claims, results)
    said = [
        {key: claim[key] for key in ("result_id", "field", "value", "shown")}
        for claim in claims
        if claim["in_prose"]
    ]
    write_brief(task, html, notebook, {"results.json": results, "claims.json": said})
    seconds["trace"] = time.perf_counter() - begin


def write_brief(
    task: BriefTask, html: str, notebook: Any, tables: Mapping[str, list[dict]]
) -> None:
    """Write the files of a brief into a folder that appears when all are there.

    Parameters
    ----------
    task : BriefTask
    html : str
        For brief.html.
    notebook : nbformat.NotebookNode
        For brief.ipynb.
    tables : mapping of str to list of dict
        Name of a JSON file -> its rows.

    Raises
    ------
    RunError
        The page is too large, or a file would name a folder of this machine.
    """
    import nbformat

    files = {
        "brief.html": html,
        "brief.ipynb": nbformat.writes(notebook) + "\n",
        **{
            name: json.dumps(rows, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
            for name, rows in tables.items()
        },
    }
    if len(html.encode()) > LARGEST_PAGE:
        raise RunError(
            f"brief.html would be {len(html.encode()) / 1e6:.1f} MB; {LARGEST_PAGE / 1e6:.1f} is "
            "the most that a phone should load. Draw large figures as PNG, or show fewer."
        )
    for name, text in files.items():
        for word in task.private_words:
            if word in text:
                raise RunError(f"{name} would show {word!r}, a folder of this machine.")
    folder = Path(task.run, task.name)
    partial = folder.with_name(f".{folder.name}.partial")
    partial.mkdir(parents=True)
    try:
        for name, text in files.items():
            (partial / name).write_text(text, encoding="utf-8")
        partial.rename(folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def _in_one_line(error: Exception) -> str:
    """Say what went wrong for the table at the end of a run."""
    if hasattr(error, "ename"):  # papermill's: the notebook raised
        first = (error.evalue.strip().splitlines() or [""])[0]
        return f"cell {error.cell_index + 1} raised {error.ename}: {first}"
    first = (str(error).strip().splitlines() or [""])[0]
    return first if isinstance(error, PilotError) else f"{type(error).__name__}: {first}"
