"""Write files so that a reader sees the old one or the new one, never a part."""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from graphrep.typing import PathType

_HERE = -100  # AT_FDCWD
_EXCHANGE = 2  # RENAME_EXCHANGE


@contextmanager
def atomic_path(path: PathType) -> Iterator[Path]:
    """Give a temporary file beside ``path``; on success it takes its place.

    The content is synced to disk before the rename. If the block raises, the
    temporary file is removed and ``path`` is as it was before. A temporary name
    keeps all suffixes of ``path``, so code that looks at them still works.
    """
    target = Path(path)
    suffix = "".join(target.suffixes)
    if not target.parent.is_dir():  # mkstemp would name its own file
        raise FileNotFoundError(
            f"The folder {target.parent} does not exist, so {target.name} cannot be "
            "written there."
        )
    handle, name = tempfile.mkstemp(
        prefix=f".{target.name.removesuffix(suffix)}-", suffix=suffix, dir=target.parent
    )
    os.close(handle)
    part = Path(name)
    try:
        yield part
        _sync(part)
        mask = os.umask(0)
        os.umask(mask)
        part.chmod(0o666 & ~mask)
        part.replace(target)
        _sync(target.parent)
    finally:
        with suppress(FileNotFoundError):
            part.unlink()


@contextmanager
def atomic_directory(path: PathType) -> Iterator[Path]:
    """Give a temporary directory beside ``path``; on success it takes its place.

    A directory that already stands at ``path`` is replaced as a whole. Where the
    system can swap two names (Linux), there is something at ``path`` at every moment;
    elsewhere it is missing between two renames, and comes back if the second fails. Of
    a link to a directory the link is replaced.
    """
    target = Path(path)
    part = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        yield part
        for file in part.rglob("*"):
            if file.is_file():
                _sync(file)
        part.chmod(0o755)
        if not target.is_dir():
            part.replace(target)
        elif not _swap(part, target):  # after a swap, part is the old one
            _replace_directory(part, target)
        _sync(target.parent)
    finally:
        if part.is_symlink():
            part.unlink()
        shutil.rmtree(part, ignore_errors=True)


def _swap(first: Path, second: Path) -> bool:
    """Exchange two names in one step; False where the system cannot."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        rename = ctypes.CDLL(None).renameat2
    except (OSError, AttributeError):  # a C library without it
        return False
    here, there = os.fsencode(first.absolute()), os.fsencode(second.absolute())
    return bool(rename(_HERE, here, _HERE, there, _EXCHANGE) == 0)


def _replace_directory(part: Path, target: Path) -> None:
    """Put a directory in the place of another, which comes back if that fails."""
    old = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        target.replace(old / "old")
        try:
            part.replace(target)
        except BaseException:
            (old / "old").replace(target)
            raise
        if (old / "old").is_symlink():
            (old / "old").unlink()
        else:
            shutil.rmtree(old / "old", ignore_errors=True)
    finally:  # what could not be put back stays there
        with suppress(OSError):
            old.rmdir()


def _sync(path: Path) -> None:
    """Flush a file or directory to disk where the platform can."""
    flags = os.O_RDONLY
    with suppress(OSError):
        handle = os.open(path, flags)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
