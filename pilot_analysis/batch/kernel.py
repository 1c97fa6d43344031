"""An ordinary ipykernel that is forked from the warm process instead of started from nothing."""

import asyncio
import os
import time
from pathlib import Path
from queue import Empty
from typing import Any

from ipykernel.kernelapp import IPKernelApp
from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import LocalProvisioner
from traitlets import Callable, Unicode

from pilot_analysis.batch.forking import fork

__all__ = ["WarmKernelClient", "WarmKernelManager", "run_kernel"]

_POLL_SECONDS = 0.005


def run_kernel(arguments: list[str]) -> None:
    """In a copy of the zygote: be an ipykernel, as ``python -m ipykernel_launcher`` would be."""
    app = IPKernelApp.instance()
    app.parent_handle = os.getppid()  # end if the zygote does
    app.initialize(arguments)
    app.start()


class WarmProvisioner(LocalProvisioner):
    """Starts the kernel by a fork; everything else as for a kernel on this machine."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> dict[str, Any]:
        """Fork a kernel that reads the connection file named in `cmd`."""
        self.process = fork(
            self.parent.zygote,
            f"{__name__}:run_kernel",
            {"arguments": cmd},
            folder=kwargs.get("cwd"),
            environment=kwargs.get("env"),
        )
        self.pid = self.pgid = self.process.pid
        return self.connection_info

    async def wait(self) -> int | None:
        """Wait for the end of the kernel, with an eye on it every few milliseconds."""
        if self.process is None:
            return 0
        while self.process.poll() is None:
            await asyncio.sleep(_POLL_SECONDS)
        status = self.process.returncode
        self._leave()
        return status

    async def cleanup(self, restart: bool = False) -> None:
        """Hang up, also where the kernel died by itself and nobody waited for it."""
        if self.process is not None:
            self._leave()
        await super().cleanup(restart)

    def _leave(self) -> None:
        self.parent.on_end(self.process.peak_bytes)
        self.process.close()
        self.process = None


class WarmKernelClient(AsyncKernelClient):
    """A client that is ready when the kernel has answered, without a fixed wait."""

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait until the kernel answers on its shell channel and is heard on IOPub.

        The stock client then listens for another 0.2 s until IOPub is silent. Here the kernel's
        "idle" after the very request that was answered says that nothing more will come.
        """
        end = time.monotonic() + (timeout or float("inf"))
        while time.monotonic() < end:
            request = self.kernel_info()
            try:
                reply = await self._answer_to(request, self.get_shell_msg, 1.0)
                await self._answer_to(request, self.get_iopub_msg, 0.2, state="idle")
            except Empty:
                if not await self.is_alive():
                    raise RuntimeError("Kernel died before replying to kernel_info") from None
            else:
                self._handle_kernel_info_reply(reply)
                return
        raise RuntimeError(f"Kernel did not respond in {timeout} seconds")

    async def _answer_to(self, request: str, get_message, timeout: float, state: str | None = None):
        """Return the message that answers `request` (and tells of `state`), or raise Empty."""
        end = time.monotonic() + timeout
        while (left := end - time.monotonic()) > 0:
            message = await get_message(timeout=left)
            if message["parent_header"].get("msg_id") != request:
                continue
            if message["content"].get("execution_state") == state:
                return message
        raise Empty


class WarmKernelManager(AsyncKernelManager):
    """Manages a kernel that the zygote at the address `zygote` forks.

    Attributes
    ----------
    zygote : str
        `Zygote.address`.
    on_end : callable
        Called with the largest resident memory of the kernel, in bytes, when it has ended.
    """

    zygote = Unicode(config=True)
    on_end = Callable(lambda peak_bytes: None, config=True)
    client_class = f"{__name__}.WarmKernelClient"
    client_factory = WarmKernelClient

    @property
    def kernel_spec(self) -> KernelSpec:
        """Arguments of `run_kernel` in place of a command."""
        return KernelSpec(argv=["-f", "{connection_file}"], language="python")

    async def _async_pre_start_kernel(self, **options):
        if self.provisioner is None:
            self.kernel_id = self.kernel_id or os.urandom(8).hex()
            # Unix sockets in the zygote's folder, which only this user can open: no TCP port.
            self.transport, self.ip = "ipc", str(Path(self.zygote).with_name(self.kernel_id))
            self.connection_file = f"{self.ip}.json"
            self.provisioner = WarmProvisioner(
                kernel_id=self.kernel_id, kernel_spec=self.kernel_spec, parent=self
            )
        return await super()._async_pre_start_kernel(**options)

    async def _async_wait(self, pollinterval: float = _POLL_SECONDS) -> None:
        await super()._async_wait(_POLL_SECONDS)
