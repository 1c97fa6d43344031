import pytest

from pilot_analysis.batch.brief import LARGEST_PAGE, write_brief
from pilot_analysis.batch.tasks import BriefTask
from pilot_analysis.errors import RunError


@pytest.fixture
def task(tmp_path):
    return BriefTask(
        name="schools/S1", notebook="", run=str(tmp_path), pilot=str(tmp_path / "pilot"),
        pilot_id="demo", school_id="S1", audience="team", private_words=("/home/anna/",),
    )  # fmt: skip


def write(task, make_notebook, html="<p>Fine.</p>", **tables):
    write_brief(task, html, make_notebook("x = 1"), {"results.json": [], **tables})


def test_a_brief_appears_with_all_of_its_files(task, make_notebook, tmp_path):
    write(task, make_notebook)
    names = sorted(path.name for path in (tmp_path / "schools" / "S1").iterdir())
    assert names == ["brief.html", "brief.ipynb", "results.json"]


@pytest.mark.parametrize(
    ("html", "told"),
    [
        ("x" * (LARGEST_PAGE + 1), "1.5 MB"),
        ("<p>/home/anna/demo</p>", "a folder of this machine"),
    ],
)
def test_a_page_that_may_not_go_out_is_not_written(task, make_notebook, tmp_path, html, told):
    with pytest.raises(RunError, match=told):
        write(task, make_notebook, html)
    assert list(tmp_path.iterdir()) == []


def test_a_value_that_json_cannot_hold_leaves_nothing_behind(task, make_notebook, tmp_path):
    with pytest.raises(ValueError, match="nan"):
        write(task, make_notebook, **{"claims.json": [{"value": float("nan")}]})
    assert list(tmp_path.iterdir()) == []


def test_the_shown_parameters_hold_no_folder(task, tmp_path):
    assert str(tmp_path) in task.parameters["prepared"]
    assert task.shown_parameters == {"pilot": "demo", "school_id": "S1", "audience": "team"}
