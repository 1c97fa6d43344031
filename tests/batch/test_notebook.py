import nbformat
import pytest

from pilot_analysis.batch.notebook import (
    declared_parameters,
    require_clean,
    require_parameters,
    strip_run,
)
from pilot_analysis.errors import RunError
from pilot_analysis.release import NOTEBOOK_METADATA

SOURCE = """# of the brief
pilot: str = "data/raw/demo"
school_id = "S03"  # one school
prepared: str | None = None
"""


@pytest.fixture
def path(tmp_path, make_notebook):
    path = tmp_path / "brief.ipynb"
    nbformat.write(make_notebook(SOURCE, "print(pilot)"), path)
    return path


def test_parameters_are_those_that_the_tagged_cell_sets(path):
    assert declared_parameters(path) == ("pilot", "school_id", "prepared")


def test_an_unknown_parameter_is_refused_with_the_nearest_name(path):
    require_parameters(path, ["pilot", "school_id"])
    with pytest.raises(RunError, match=r"no parameter `schol_id`.*did you mean `school_id`"):
        require_parameters(path, ["schol_id"])


def test_a_notebook_that_is_missing_or_untagged_is_refused(path, make_notebook):
    with pytest.raises(RunError, match="no such notebook"):
        declared_parameters(path.with_name("other.ipynb"))
    nbformat.write(make_notebook("x = 1", tags={}), path)
    with pytest.raises(RunError, match="no cell is tagged `parameters`"):
        declared_parameters(path)
    path.write_text("{", encoding="utf-8")
    with pytest.raises(RunError, match="is not a Jupyter notebook"):
        declared_parameters(path)


def test_a_notebook_that_wrote_to_the_error_stream_is_refused(make_notebook):
    notebook = make_notebook("x = 1", "y = 2")
    require_clean(notebook)
    output = nbformat.v4.new_output("stream", name="stderr", text="look out\nsecond\n")
    notebook.cells[1].outputs = [output]
    with pytest.raises(RunError, match=r"Cell 2 wrote to the error stream: look out$"):
        require_clean(notebook)


def test_stripping_leaves_no_trace_of_the_run(make_notebook):
    notebook = make_notebook(
        SOURCE, 'pilot = "/home/anna/demo"\nprepared = "/home/anna/run"', "1 + 1",
        tags={0: ["parameters"], 1: ["injected-parameters"]},
    )  # fmt: skip
    notebook.metadata["papermill"] = {"start_time": "2026-11-21T19:50:00", "output_path": "/home"}
    for cell in notebook.cells:
        cell.metadata["papermill"] = {"start_time": "2026-11-21T19:50:00"}
        cell.metadata["execution"] = {"iopub.execute_input": "2026-11-21T19:50:00"}
    shown = {"text/plain": "<Line2D object at 0x7f0a1200ad90>"}
    notebook.cells[2].outputs = [nbformat.v4.new_output("display_data", data=shown)]
    notebook.metadata["language_info"]["version"] = "3.11.7"
    strip_run(notebook, {"pilot": "demo", "school_id": "S03"})
    assert notebook.metadata == NOTEBOOK_METADATA
    assert notebook.metadata is not NOTEBOOK_METADATA
    text = nbformat.writes(notebook)
    assert "/home" not in text
    assert "2026" not in text
    assert notebook.cells[2].outputs[0].data["text/plain"] == "<Line2D object>"
    assert notebook.cells[1].source.endswith("pilot = 'demo'\nschool_id = 'S03'")
    assert notebook.cells[1].id == "injected-parameters"


@pytest.mark.parametrize(
    ("output", "told"),
    [
        (nbformat.v4.new_output("stream", name="stdout", text="13 students"), "printed: 13"),
        (nbformat.v4.new_output("stream", name="stderr", text="\n"), "a blank line"),
        (
            nbformat.v4.new_output("display_data", {"text/html": "<SCRIPT>alert(1)</SCRIPT>"}),
            "holds a script",
        ),
    ],
)
def test_what_a_notebook_prints_or_runs_is_no_part_of_a_brief(make_notebook, output, told):
    notebook = make_notebook("1 + 1")
    notebook.cells[0].outputs = [output]
    with pytest.raises(RunError, match=told):
        require_clean(notebook)
