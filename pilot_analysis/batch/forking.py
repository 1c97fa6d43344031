"""The warm process from outside: start it, have it fork, wait for what the copies return."""

import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pilot_analysis.batch.zygote import ENVIRONMENT
from pilot_analysis.errors import RunError

__all__ = ["PRELOADED", "ForkedProcess", "Zygote", "fork"]

# Not matplotlib_inline: it ties itself to the notebook's shell when it is first imported.
PRELOADED = (
    "numpy", "pandas", "pyarrow.parquet", "scipy.stats", "scipy.optimize", "formulaic",
    "matplotlib.figure", "matplotlib.pyplot", "matplotlib.backends.backend_svg",
    "IPython", "ipykernel.kernelapp", "ipykernel.ipkernel",
    "papermill", "nbclient", "nbconvert.exporters.html", "jupyter_client.asynchronous",
    "pilot_analysis.batch.kernel", "pilot_analysis.batch.brief",
)  # fmt: skip
_BOOT = """import json, sys
sys.path[:] = json.loads(sys.argv[1])
from pilot_analysis.batch.zygote import serve
serve(sys.argv[2], json.loads(sys.argv[3]))
"""


class ForkedProcess:
    """A copy of the zygote at work; has the parts of `subprocess.Popen` that a kernel needs.

    Attributes
    ----------
    pid : int
        Process id; the process leads its own session and process group.
    returncode : int or None
        As `Popen.returncode`: negative for a signal.
    peak_bytes : int
        Largest resident memory, pages shared with the zygote included; 0 until it has ended.
    """

    stdin = stdout = stderr = None

    def __init__(self, connection: socket.socket):
        self._connection = connection
        self._lines = connection.makefile("r", encoding="utf-8")
        self._answer: dict[str, Any] = {}
        self.returncode: int | None = None
        self.peak_bytes = 0
        first = self._lines.readline()
        if not first:
            raise RunError("The warm process ended before it could fork.")
        self.pid: int = json.loads(first)["pid"]

    def poll(self) -> int | None:
        """Return the exit status, or None while it runs."""
        while self.returncode is None and select.select([self._connection], [], [], 0)[0]:
            self._read()
        return self.returncode

    def wait(self) -> int:
        """Wait for the end and return the exit status."""
        while self.returncode is None:
            self._read()
        return self.returncode

    def result(self) -> Any:
        """Wait for the end and return what the function returned.

        Raises
        ------
        RunError
            The function raised (the message is the traceback), or the process died.
        """
        status = self.wait()
        self.close()
        if "result" in self._answer:
            return self._answer["result"]
        raise RunError(self._answer.get("error") or f"The process died (exit status {status}).")

    def send_signal(self, number: int) -> None:
        """Send a signal to the process group."""
        if self.poll() is None:
            os.killpg(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it now."""
        self.send_signal(signal.SIGKILL)

    def close(self) -> None:
        """Hang up; a process that still runs is killed."""
        self._lines.close()
        self._connection.close()

    def _read(self) -> None:
        line = self._lines.readline()
        self._answer |= json.loads(line) if line else {"status": -signal.SIGKILL}
        if "status" in self._answer:
            self.returncode = self._answer["status"]
            self.peak_bytes = self._answer.get("peak_bytes", 0)


def fork(
    address: str,
    target: str,
    arguments: Mapping[str, Any],
    *,
    folder: str | Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> ForkedProcess:
    """Run `target` in a copy of the zygote that listens at `address`.

    Parameters
    ----------
    address : str
        `Zygote.address`.
    target : str
        "module:function".
    arguments : mapping
        Keyword arguments of the function, as JSON can hold them.
    folder, environment : path, mapping, optional
        Working folder and environment of the copy; default: those of this process.

    Raises
    ------
    RunError
        Nothing listens there any more.
    """
    request = {
        "target": target,
        "arguments": dict(arguments),
        "folder": str(folder or Path.cwd()),
        "environment": {**ENVIRONMENT, **(environment or os.environ)},
    }
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(address)
        connection.sendall(json.dumps(request).encode() + b"\n")
        return ForkedProcess(connection)
    except BaseException as error:
        connection.close()
        if isinstance(error, OSError):
            raise RunError(f"The warm process has ended ({error.strerror}).") from error
        raise


class Zygote:
    """The warm process, as seen by the process that starts it.

    Parameters
    ----------
    preload : sequence of str
        Modules to import before the first fork.
    """

    def __init__(self, preload: Sequence[str] = PRELOADED):
        if not hasattr(os, "fork"):
            raise RunError(
                "Warm runs need an operating system that can fork a process (Linux, macOS). "
                "On Windows, use the Windows Subsystem for Linux."
            )
        self._folder = Path(tempfile.mkdtemp(prefix="pilot-"))
        self._log = self._folder / "zygote.log"
        self.address = str(self._folder / "socket")
        arguments = [json.dumps(sys.path), self.address, json.dumps(list(preload))]
        with self._log.open("wb") as stderr:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _BOOT, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                env={**ENVIRONMENT, **os.environ},
                start_new_session=True,
            )

    def wait_until_ready(self, timeout: float = 120) -> None:
        """Wait until it has imported everything and listens.

        Raises
        ------
        RunError
            It ended, or did not get ready within `timeout` seconds.
        """
        end = time.monotonic() + timeout
        while not os.path.exists(self.address):
            if self._process.poll() is not None or time.monotonic() > end:
                told = self.told()
                self.close()
                raise RunError(f"The warm process did not start:\n{told[-4000:]}")
            time.sleep(0.01)

    def told(self) -> str:
        """Return what it and its copies wrote to their error stream."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def fork(self, target: str, arguments: Mapping[str, Any]) -> ForkedProcess:
        """Run `target` in a copy, as `fork` does."""
        self.wait_until_ready()
        return fork(self.address, target, arguments)

    def close(self) -> None:
        """End it and every copy."""
        if not os.path.exists(self.address):  # still importing: there is no copy yet
            self._process.kill()
        self._process.stdin.close()  # its sign to end
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> "Zygote":
        return self

    def __exit__(self, *exception) -> None:
        self.close()
