"""Folders of scratch: kept for the next run where asked for, else gone at the end."""

from __future__ import annotations

import errno
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path

from graphrep._utils._array_file import content_mark, write_arrays
from graphrep._utils._atomic import atomic_path
from graphrep._utils._memory import human_bytes
from graphrep.typing import AnyArray, PathType


@contextmanager
def work_folder(
    work_dir: PathType | None, name: str, key: str, *, beside: Path | None = None,
    disk: int = 0, hint: str = "",
) -> Iterator[Path]:  # fmt: skip
    """Give the folder of a run's files and delete it when the run is complete.

    A folder in ``work_dir`` outlives a run that fails, so that the next goes on.

    Parameters
    ----------
    work_dir : path-like or None
        Where to keep it; None for a temporary folder.
    name : str
        What the run is, for people.
    key : str
        What tells the run from others with the same name.
    beside : Path or None, default=None
        Folder of a temporary folder; None for that of the system.
    disk : int, default=0
        Bytes that the run will take.
    hint : str, default=""
        What else can be done where the disk is too small.

    Raises
    ------
    OSError
        If the disk is too small.
    """
    if work_dir is None:
        with tempfile.TemporaryDirectory(
            prefix=f".{name}-", dir=beside, ignore_cleanup_errors=True
        ) as made:
            _check_disk(Path(made), disk, hint)
            yield Path(made)
        return
    mark = blake2b(key.encode(), digest_size=8).hexdigest()
    folder = Path(work_dir) / f"{name}-{mark}"
    folder.mkdir(parents=True, exist_ok=True)
    _check_disk(folder, disk, hint)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def save_input(folder: Path, name: str, arrays: Mapping[str, AnyArray]) -> Path:
    """Write arrays that tasks read unless they are there.

    The file's name carries a mark of the content, so that tasks of other content are
    other tasks.
    """
    path = folder / f"{name}-{content_mark(arrays)}.bin"
    if not path.exists():
        with atomic_path(path) as part:
            write_arrays(part, arrays)
    return path


def _check_disk(folder: Path, disk: int, hint: str) -> None:
    used = sum(f.stat().st_size for f in folder.iterdir() if f.is_file())
    free = shutil.disk_usage(folder).free
    if free + used < disk:
        raise OSError(
            errno.ENOSPC,
            f"The work needs {human_bytes(disk)} of disk and {human_bytes(free)} are "
            f"free; choose another work_dir{hint}",
            str(folder),
        )
