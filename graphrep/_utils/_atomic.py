"""Write files so that a reader sees the old one or the new one, never a part."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from graphrep.typing import PathType


@contextmanager
def atomic_path(path: PathType) -> Iterator[Path]:
    """Give a temporary file beside ``path``; on success it takes its place.

    The content is synced to disk before the rename. If the block raises, the
    temporary file is removed and ``path`` is as it was before. A temporary name
    keeps all suffixes of ``path``, so code that looks at them still works.
    """
    target = Path(path)
    suffix = "".join(target.suffixes)
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

    A directory that already stands at ``path`` is replaced as a whole.
    """
    target = Path(path)
    part = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        yield part
        for file in part.rglob("*"):
            if file.is_file():
                _sync(file)
        part.chmod(0o755)
        if target.is_dir():
            old = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
            target.replace(old / "old")
            part.replace(target)
            shutil.rmtree(old, ignore_errors=True)
        else:
            part.replace(target)
        _sync(target.parent)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _sync(path: Path) -> None:
    """Flush a file or directory to disk where the platform can."""
    flags = os.O_RDONLY
    with suppress(OSError):
        handle = os.open(path, flags)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
