"""Inside the warm process: import everything once, then fork a copy for each piece of work.

Importing pandas, SciPy, matplotlib, papermill and the rest takes seconds; a fork of a process that
has them takes milliseconds. The zygote runs no thread of Python's, holds no ZeroMQ socket and no
file of anybody's, so a copy starts as clean as a new process.

The protocol, over a Unix socket that only this user can open: one connection for each copy, one
JSON object a line. The client sends ``{"target": "module:function", "arguments": {...}, "folder":
..., "environment": {...}}``; the copy answers ``{"pid": ...}`` and, when the function returns,
``{"result": ...}`` or ``{"error": traceback}``; the zygote adds ``{"status": ..., "peak_bytes":
...}`` when the copy has ended. A client that hangs up has its copy killed; when the process that
started the zygote closes its standard input, the zygote kills all copies and ends.
"""

import contextlib
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import sys
import traceback
import warnings
from typing import Any, NoReturn

__all__ = ["ENVIRONMENT", "serve"]

ENVIRONMENT = {
    # One process for each core: a pool of threads in each would only fight over them.
    "MKL_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    # What ipykernel sets before a notebook imports matplotlib; here matplotlib comes first.
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
}
_KIB_OR_BYTE = 1 if sys.platform == "darwin" else 1024  # what getrusage counts memory in


def serve(address: str, preload: list[str]) -> None:
    """Import `preload`, listen at `address` and fork on request until stdin is closed.

    A module of `preload` that has a function ``warm_up`` has it called.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started us
    for name in preload:
        warm_up = getattr(importlib.import_module(name), "warm_up", None)
        if warm_up:
            warm_up()
    gc.collect()
    gc.freeze()  # what is there now stays: the collector need not touch, and so copy, its pages
    _Server(address).run()


class _Server:
    def __init__(self, address: str):
        self.copies: dict[int, socket.socket] = {}
        self.selector = selectors.DefaultSelector()
        self.woken, self.waker = socket.socketpair()
        self.woken.setblocking(False)
        self.waker.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # without a handler the waker is not called
        signal.set_wakeup_fd(self.waker.fileno())
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(f"{address}~")
        self.listener.listen(64)
        os.rename(f"{address}~", address)  # the name appears when it listens: it says "ready"
        for source in (self.listener, self.woken, sys.stdin):
            self.selector.register(source, selectors.EVENT_READ)

    def run(self) -> None:
        while True:
            for key, _ in self.selector.select():
                if key.fileobj is self.listener:
                    self.accept()
                elif key.fileobj is self.woken:
                    self.reap()
                elif key.fileobj is sys.stdin:
                    for pid in self.copies:
                        _kill_group(pid)
                    return
                else:  # a client hung up: nobody waits for this copy
                    self.selector.unregister(key.fileobj)
                    _kill_group(key.data)

    def accept(self) -> None:
        connection, _ = self.listener.accept()
        with connection.makefile("r", encoding="utf-8") as lines:
            line = lines.readline()
        if not line:
            connection.close()
            return
        with warnings.catch_warnings():
            # pyarrow keeps a thread of its own and minds forks; no thread here runs Python.
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if pid == 0:
            self.become(connection, json.loads(line))
        self.copies[pid] = connection
        self.selector.register(connection, selectors.EVENT_READ, pid)

    def become(self, connection: socket.socket, request: dict[str, Any]) -> NoReturn:
        """In the copy: leave all of the server behind, work, and end."""
        status = 1
        try:
            os.setsid()
            self.leave()
            os.environ.clear()
            os.environ.update(request["environment"])
            os.chdir(request["folder"])
            if "numpy" in sys.modules:  # else every copy would draw the same random numbers
                sys.modules["numpy"].random.seed()
            status = _work(connection, request)
        except BaseException:
            traceback.print_exc()
        finally:
            with contextlib.suppress(Exception):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(status)

    def leave(self) -> None:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self.selector.close()
        for source in (self.listener, self.woken, self.waker, *self.copies.values()):
            source.close()
        with open(os.devnull) as nothing:
            os.dup2(nothing.fileno(), 0)

    def reap(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self.woken.recv(4096)
        while self.copies:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
            if pid == 0:
                return
            connection = self.copies.pop(pid)
            with contextlib.suppress(KeyError):  # hung up before
                self.selector.unregister(connection)
            end = {
                "status": os.waitstatus_to_exitcode(status),
                "peak_bytes": usage.ru_maxrss * _KIB_OR_BYTE,
            }
            with contextlib.suppress(OSError), connection:
                connection.sendall(json.dumps(end).encode() + b"\n")


def _work(connection: socket.socket, request: dict[str, Any]) -> int:
    def tell(**message) -> None:
        connection.sendall(json.dumps(message).encode() + b"\n")

    tell(pid=os.getpid())
    module, _, function = request["target"].partition(":")
    try:
        tell(result=getattr(importlib.import_module(module), function)(**request["arguments"]))
    except BaseException:
        tell(error=traceback.format_exc())
        return 1
    return 0


def _kill_group(pid: int) -> None:
    with contextlib.suppress(OSError):
        os.killpg(pid, signal.SIGKILL)
