"""The word ``device``: which torch device it names, and whether it is there."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from graphrep._utils._optional import require
from graphrep.exceptions import DeviceError, MemoryLimitError

_LOCK = threading.Lock()
_THREADS = {"users": 0, "before": 0}
_LEADING = re.compile(r"(cuda|mps|xpu):(0[0-9]+)")
_WORD = re.compile(r"(cuda|mps|xpu)(?::(0|[1-9][0-9]*))?")


def on_processor(device: str) -> bool:
    """Whether what has kernels of numba runs them for a word: "cpu" and "auto" do."""
    return device in ("cpu", "auto")


def torch_device(
    device: str, *, why: str, native: bool = False, doubles: bool = False
) -> tuple[Any, Any]:
    """Return the torch module and the device of a name; never another one instead.

    Parameters
    ----------
    device : str
        "cuda", "cuda:1", "mps", "xpu", or "torch:cpu" for torch on the CPU.
    why : str
        What needs it, for the messages.
    native : bool, default=False
        Whether there are no kernels but torch's: then "cpu" is torch on the CPU, and
        "auto" is CUDA where there is such a device, else the CPU.
    doubles : bool, default=False
        Whether it must have float64.

    Raises
    ------
    DeviceError
        If the name is unknown, there is no such device here, or it has no float64.
    MissingDependencyError
        If torch is not installed.
    """
    word = _WORD.fullmatch(device)
    written = _LEADING.fullmatch(device)
    if written:
        raise DeviceError(
            f"device={device!r}: write the number without leading zeros, as "
            f"'{written[1]}:{int(written[2])}'."
        )
    if not word and device != "torch:cpu" and not (native and on_processor(device)):
        raise DeviceError(
            f"device={device!r} is not known; use 'cpu', 'auto', 'cuda', 'cuda:1', "
            "'mps', 'xpu' or 'torch:cpu'."
        )
    if not (native and on_processor(device)):
        why = f"{why} with device={device!r}"
    torch = require("torch", extra="torch", why=why)
    if device == "auto" and torch.cuda.is_available():
        return torch, torch.device("cuda")
    if not word:
        return torch, torch.device("cpu")
    kind = word[1]
    if kind == "mps" and doubles:
        raise DeviceError(f"{why} needs float64, which it lacks. Use device='cpu'.")
    home = torch.backends.mps if kind == "mps" else getattr(torch, kind)
    if not home.is_available():
        raise DeviceError(
            f"device={device!r} was asked for but no {kind} device is visible. "
            "Use device='cpu'."
        )
    number = int(word[2] or 0)
    count = 1 if kind == "mps" else home.device_count()
    if number >= count:
        raise DeviceError(
            f"device={device!r} was asked for but there are only {count} {kind} "
            "devices, counted from 0."
        )
    return torch, torch.device(device)


@contextmanager
def device_memory(what: str, advice: str) -> Iterator[None]:
    """Say in one sentence that the memory of a device does not do.

    Parameters
    ----------
    what : str
        What needs it: the subject of the sentence.
    advice : str
        A sentence on what to do.

    Raises
    ------
    MemoryLimitError
        Where torch found no memory on the device.
    """
    try:
        yield
    except RuntimeError as error:
        if type(error).__name__ != "OutOfMemoryError":  # torch may not be loaded
            raise
        raise MemoryLimitError(
            f"{what} found no memory left on the device. {advice}"
        ) from error


@contextmanager
def single_torch_thread(torch: Any) -> Iterator[None]:
    """Run the block with one torch thread; the last of several users puts it back.

    Sums would be split differently for another number of threads, and so differ in
    their last bits.
    """
    with _LOCK:
        if _THREADS["users"] == 0:
            _THREADS["before"] = torch.get_num_threads()
        _THREADS["users"] += 1
        torch.set_num_threads(1)
    try:
        yield
    finally:
        with _LOCK:
            _THREADS["users"] -= 1
            if _THREADS["users"] == 0:
                torch.set_num_threads(_THREADS["before"])
