"""The word ``device``: which torch device it names, and whether it is there."""

from __future__ import annotations

from typing import Any

from graphrep._utils._optional import require
from graphrep.exceptions import DeviceError

_KINDS = ("cuda", "mps", "xpu")


def torch_device(device: str, *, why: str) -> tuple[Any, Any]:
    """Return the torch module and the device of a name; never another one instead.

    Parameters
    ----------
    device : str
        "cuda", "cuda:1", "mps", "xpu", or "torch:cpu" for torch on the CPU.
    why : str
        What needs it, for the messages.

    Raises
    ------
    DeviceError
        If the name is unknown or there is no such device here.
    MissingDependencyError
        If torch is not installed.
    """
    kind = device.split(":", maxsplit=1)[0]
    if device != "torch:cpu" and kind not in _KINDS:
        raise DeviceError(
            f"device={device!r} is not known; use 'cpu', 'auto', 'cuda', 'cuda:1', "
            "'mps', 'xpu' or 'torch:cpu'."
        )
    torch = require("torch", extra="torch", why=f"{why} with device={device!r}")
    if device == "torch:cpu":
        return torch, torch.device("cpu")
    home = torch.backends.mps if kind == "mps" else getattr(torch, kind)
    if not home.is_available():
        raise DeviceError(
            f"device={device!r} was asked for but no {kind} device is visible. "
            "Use device='cpu'."
        )
    number = torch.device(device).index or 0
    if kind == "cuda" and number >= torch.cuda.device_count():
        raise DeviceError(
            f"device={device!r} was asked for but there are only "
            f"{torch.cuda.device_count()} CUDA devices."
        )
    return torch, torch.device(device)
