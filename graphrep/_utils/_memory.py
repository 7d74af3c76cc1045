"""How much memory there is, how much was used, and byte counts that people can read."""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress
from pathlib import Path

from graphrep.exceptions import GraphValueError

_MEMINFO = Path("/proc/meminfo")
_STATUS = Path("/proc/self/status")
_CGROUP_PAIRS = (
    # limit, use now, and the line of memory.stat that counts reclaimable pages
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current", "inactive_file"),
    (
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes",
        "total_inactive_file",
    ),
)
_UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB")
_STEP = 1000
_KIBIBYTE = 1024
_SIZE = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([kKMGTP]?)(i?)(?:[bB])?\s*\Z")
_PREFIXES = "kMGTP"


def available_memory() -> int | None:
    """Bytes that this process can still take without swapping.

    Returns
    -------
    int or None
        The smaller of what the machine has free and what the limit of the container
        leaves; None where the platform does not say.
    """
    found = [n for n in (_machine_memory(), _container_memory()) if n is not None]
    return min(found) if found else None


def peak_memory() -> int | None:
    """Most bytes of physical memory that this process has held so far, if known."""
    # VmHWM counts this program alone; ru_maxrss may be the parent's after a fork.
    peak = _kibibytes(_STATUS, "VmHWM")
    if peak is not None:
        return peak
    with suppress(ImportError):
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return used if sys.platform == "darwin" else used * _KIBIBYTE
    return None


def human_bytes(count: float) -> str:
    """Write a number of bytes with three digits and a decimal unit.

    Examples
    --------
    >>> human_bytes(512), human_bytes(1_536_000), human_bytes(2.5e12)
    ('512 B', '1.54 MB', '2.5 TB')
    """
    value = float(count)
    for unit in _UNITS:
        if abs(value) < _STEP - 0.5 or unit == _UNITS[-1]:
            break
        value /= _STEP
    return f"{value:.3g} {unit}"


def memory_bytes(limit: int | str, name: str = "memory_limit") -> int:
    """Read an amount of memory: bytes, or a text such as ``"2GiB"`` or ``"500 MB"``.

    Parameters
    ----------
    limit : int or str
        A number of bytes above 0. In a text, k, M, G, T and P are powers of 1000, and
        with an i (KiB, MiB, GiB) powers of 1024.
    name : str, default="memory_limit"
        What the value is called in errors.

    Raises
    ------
    GraphValueError
        For anything else.

    Examples
    --------
    >>> memory_bytes("2GiB"), memory_bytes("1.5 MB"), memory_bytes(4096)
    (2147483648, 1500000, 4096)
    """
    found = 0
    if isinstance(limit, str):
        match = _SIZE.match(limit)
        if match and (match[2] or not match[3]):
            power = 1 + _PREFIXES.index(match[2].replace("K", "k")) if match[2] else 0
            base = _KIBIBYTE if match[3] else _STEP
            found = int(float(match[1]) * base**power)
    elif isinstance(limit, int) and not isinstance(limit, bool):
        found = limit
    if found <= 0:
        raise GraphValueError(
            f"{name} must be a number of bytes above 0, or a text such as '2GiB'; got "
            f"{limit!r}."
        )
    return found


def _machine_memory() -> int | None:
    free = _kibibytes(_MEMINFO, "MemAvailable")
    if free is not None:
        return free
    with suppress(AttributeError, ValueError, OSError):  # macOS: all there is
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None


def _container_memory() -> int | None:
    """Memory that a control group's limit leaves; its file cache counts as free."""
    for limit, use, cache in _CGROUP_PAIRS:
        with suppress(OSError, ValueError):
            most = int(Path(limit).read_text("ascii"))  # "max" is no limit
            used = int(Path(use).read_text("ascii"))
            stat = Path(use).with_name("memory.stat").read_text("ascii").splitlines()
            counts = dict(line.split() for line in stat)
            return max(0, most - used + int(counts.get(cache, 0)))
    return None


def _kibibytes(file: Path, name: str) -> int | None:
    """Read one ``Name:  123 kB`` line of a file of /proc, in bytes."""
    with suppress(OSError):
        for line in file.read_text("ascii", "replace").splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * _KIBIBYTE
    return None
