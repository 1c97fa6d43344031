import os
import time

import papermill
import pytest

from pilot_analysis.batch.engine import WarmEngine
from pilot_analysis.batch.forking import Zygote, fork
from pilot_analysis.errors import RunError

TIMES = {"papermill", "execution"}


def run(notebook, zygote=None, **parameters):
    options = {"engine_name": "pilot", "zygote": zygote.address} if zygote else {}
    return papermill.execute_notebook(
        notebook, None, parameters, progress_bar=False, kernel_name="python3", **options
    )


def without_times(notebook):
    cells = []
    for cell in notebook.cells:
        cell = dict(cell)
        cell["metadata"] = {k: v for k, v in cell["metadata"].items() if k not in TIMES}
        if "injected-parameters" in cell["metadata"].get("tags", []):
            cell.pop("id")
        cells.append(cell)
    return cells, {k: v for k, v in notebook.metadata.items() if k not in TIMES}


def test_papermill_knows_the_engine_by_name():
    from papermill.engines import papermill_engines

    assert papermill_engines.get_engine("pilot") is WarmEngine


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # stock jupyter_client leaves a socket
def test_outputs_are_those_of_stock_papermill(zygote, make_notebook):
    notebook = make_notebook(
        "size = 1",
        "import pandas as pd\nimport matplotlib.pyplot as plt\nfrom IPython.display import HTML",
        "print('one')\nprint('two')\npd.DataFrame({'a': [size, 2]})",
        "fig, axes = plt.subplots()\naxes.plot([1, 2, size]);",
        "display(HTML('<b>bold</b>'))\nimport warnings\nwarnings.warn('look')",
        "import __main__, os, sys\n(__name__, __main__.size, sys.argv[0] != '', os.getcwd())",
        "import multiprocessing\nmultiprocessing.current_process().name",
    )
    warm = run(notebook, zygote, size=5)
    stock = run(notebook, size=5)
    warm_cells, warm_metadata = without_times(warm)
    stock_cells, stock_metadata = without_times(stock)
    for cells in (warm_cells, stock_cells):  # the warning names a file of the kernel's process
        text = cells[5]["outputs"][1]["text"]
        assert "UserWarning: look" in text
        cells[5]["outputs"][1]["text"] = ""
    assert warm_cells == stock_cells
    assert warm_metadata == stock_metadata


def test_an_error_is_that_of_stock_papermill(zygote, make_notebook):
    notebook = make_notebook("x = 1", "1 / 0", "print('never')")
    with pytest.raises(papermill.PapermillExecutionError) as warm:
        run(notebook, zygote)
    assert (warm.value.ename, warm.value.cell_index) == ("ZeroDivisionError", 1)


def test_a_kernel_that_dies_is_an_error_and_not_a_wait(zygote, make_notebook):
    with pytest.raises(Exception, match="died"):
        run(make_notebook("x = 1", "import os; os._exit(3)"), zygote)


def test_each_kernel_is_fresh_and_draws_its_own_random_numbers(zygote, make_notebook):
    notebook = make_notebook(
        "x = 1", "import numpy, pandas\nassert not hasattr(pandas, 'mark')\npandas.mark = 1",
        "float(numpy.random.rand())",
    )  # fmt: skip
    drawn = {run(notebook, zygote).cells[2].outputs[0].data["text/plain"] for _ in range(2)}
    assert len(drawn) == 2


def test_the_memory_of_the_kernel_is_noted(zygote, make_notebook):
    notebook = run(make_notebook("x = 1"), zygote)
    assert notebook.metadata.papermill["kernel_bytes"] > 50e6


def test_a_copy_returns_what_its_function_returned(zygote):
    process = zygote.fork("posixpath:join", {"a": "one"})
    assert process.result() == "one"
    assert process.returncode == 0
    assert process.peak_bytes > 1e6


def test_a_function_that_raises_brings_its_traceback(zygote):
    process = zygote.fork("posixpath:join", {"nothing": "here"})
    with pytest.raises(RunError, match="TypeError"):
        process.result()
    assert process.returncode == 1


def test_a_copy_whose_client_hangs_up_is_killed(zygote):
    process = zygote.fork("signal:pause", {})
    assert process.poll() is None
    process.close()
    for _ in range(200):
        try:
            os.kill(process.pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.01)
    raise AssertionError("still there after two seconds")


def test_a_warm_process_that_has_ended_is_said_to_have():
    with Zygote(preload=()) as short:
        short.wait_until_ready()
        process = short.fork("signal:pause", {})
    with pytest.raises(RunError, match="died"):
        process.result()
    with pytest.raises(RunError, match="has ended"):
        fork(short.address, "posixpath:join", {"a": "one"})


def test_a_warm_process_that_cannot_start_says_why():
    with pytest.raises(RunError, match="No module named 'not_there'"):
        Zygote(preload=("not_there",)).wait_until_ready()
