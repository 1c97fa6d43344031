"""The papermill engine "pilot": stock papermill and nbclient with a kernel forked from warm."""

import atexit
from functools import cache
from typing import Any

from pilot_analysis.batch.forking import Zygote

__all__ = ["WarmEngine"]


class WarmEngine:
    """Execute a notebook in an ipykernel that starts with the libraries already imported.

    ``papermill --engine pilot`` and `run_briefs` use it. Outputs are those of stock papermill; what
    differs is time: no imports, no wait for a polite shutdown, one save instead of two per cell.
    It configures the stock engine, and imports papermill only when called, because papermill
    imports this module while it is being imported itself.
    """

    @classmethod
    def execute_notebook(
        cls, nb: Any, kernel_name: str, *, zygote: str = "", output_path: Any = None, **options: Any
    ) -> Any:
        """Execute `nb` and return it.

        Parameters
        ----------
        nb : nbformat.NotebookNode
            Changed in place; its papermill metadata get "kernel_bytes", the kernel's peak memory.
        kernel_name : str
            A kernel other than "python3" is started the stock way: the warm process runs this
            Python only.
        zygote : str
            `Zygote.address`; blank: one for the rest of this process's life is started.
        output_path : str
            Not written while cells run; papermill writes it at the end.
        **options
            As for papermill's own engine.
        """
        from papermill.engines import NBClientEngine

        if kernel_name == "python3":
            from traitlets.config import Config

            from pilot_analysis.batch.kernel import WarmKernelManager

            def note_memory(peak_bytes: int) -> None:
                nb.metadata.papermill["kernel_bytes"] = peak_bytes

            kernel = {"zygote": zygote or _own_zygote(), "on_end": note_memory}
            options |= {
                "kernel_manager_class": WarmKernelManager,
                "config": Config({"WarmKernelManager": kernel}),
            }
        options |= {
            "autosave_cell_every": 0,
            "record_timing": False,
            "shutdown_kernel": "immediate",
        }
        return NBClientEngine.execute_notebook(nb, kernel_name, output_path=None, **options)

    @staticmethod
    def nb_kernel_name(nb: Any, name: str | None = None) -> str:
        """Return the name of the kernel that `nb` asks for."""
        from papermill.utils import nb_kernel_name

        return nb_kernel_name(nb, name)

    @staticmethod
    def nb_language(nb: Any, language: str | None = None) -> str:
        """Return the language that `nb` is written in."""
        from papermill.utils import nb_language

        return nb_language(nb, language)


@cache
def _own_zygote() -> str:
    zygote = Zygote()
    atexit.register(zygote.close)
    zygote.wait_until_ready()
    return zygote.address
