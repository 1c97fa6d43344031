import ast
import json
import re
from pathlib import Path

import nbformat
import pytest

from pilot_analysis.report import Brief

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
NAMES = ("01_data_quality", "02_school_brief", "03_pilot_brief")
PARAMETERS = ("pilot", "school_id", "product_id", "audience", "prepared")


@pytest.fixture(params=NAMES)
def notebook(request):
    return nbformat.read(NOTEBOOKS / f"{request.param}.ipynb", as_version=nbformat.NO_CONVERT)


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def tagged(notebook, tag):
    return [cell for cell in notebook.cells if tag in cell.metadata.get("tags", [])]


def test_a_notebook_is_valid_and_stripped(notebook):
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec.name == "python3"
    for cell in code(notebook):
        assert cell.outputs == []
        assert cell.execution_count is None
    for cell in notebook.cells:
        assert set(cell.metadata) <= {"tags"}


def test_cell_ids_say_what_a_cell_is(notebook):
    ids = [cell.id for cell in notebook.cells]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z][a-z_-]+", name) for name in ids)


def test_there_is_one_title_and_every_part_has_a_heading(notebook):
    words = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    assert [w for w in words if w.startswith("# ")] == words[:1]
    assert all(w.startswith("## ") for w in words[1:])


def test_parameters_are_typed_commented_and_the_same_everywhere(notebook):
    (cell,) = tagged(notebook, "parameters")
    lines = [line for line in cell.source.splitlines() if not line.startswith("#")]
    found = []
    for line in lines:
        (statement,) = ast.parse(line).body
        assert isinstance(statement, ast.AnnAssign)
        assert ast.unparse(statement.annotation) == "str"
        found.append(statement.target.id)
        assert "  # " in line, f"{line}: say what it means"
    assert tuple(found) == PARAMETERS


@pytest.mark.parametrize("name", NAMES)
def test_papermill_reads_every_parameter_with_its_type_and_its_meaning(name):
    from papermill import inspect_notebook

    read = inspect_notebook(str(NOTEBOOKS / f"{name}.ipynb"))
    assert tuple(read) == PARAMETERS
    assert all(parameter["inferred_type_name"] == "str" for parameter in read.values())
    assert all(len(parameter["help"]) > 10 for parameter in read.values())


def test_a_notebook_runs_on_the_demonstration_as_it_stands(notebook):
    (cell,) = tagged(notebook, "parameters")
    values = {}
    exec(cell.source, values)
    assert values["pilot"] == "data/raw/demo"
    assert values["school_id"] in ("", "S03")
    (setup,) = tagged(notebook, "setup")
    assert "open_brief(pilot, school_id, product_id, audience, prepared)" in setup.source


def test_cells_are_one_line_calls_of_the_brief(notebook):
    for cell in code(notebook):
        tags = cell.metadata.get("tags", [])
        if "parameters" in tags or "setup" in tags:
            continue
        called = re.fullmatch(r"brief\.(\w+)\(\)", cell.source)
        assert called, f"{cell.id}: {cell.source!r}"
        assert callable(getattr(Brief, called[1]))


def test_there_is_no_logic_and_no_magic(notebook):
    refused = (ast.FunctionDef, ast.ClassDef, ast.For, ast.While, ast.If, ast.With, ast.Lambda)
    for cell in code(notebook):
        assert not re.search(r"^\s*[%!]", cell.source, re.M)
        assert not any(isinstance(node, refused) for node in ast.walk(ast.parse(cell.source)))


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_is_written_as_jupyter_writes_it(name):
    text = (NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8")
    assert text == json.dumps(json.loads(text), indent=1, ensure_ascii=False) + "\n"
