"""The parts of a saved model, in a directory or in a zip file."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from graphrep.exceptions import ModelFileError
from graphrep.typing import AnyArray

DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError)
_BOMB_RATIO = 100
_BOMB_SLACK = 1 << 30
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
_FILE_MODE = 0o644 << 16
_CHUNK = 1 << 22


class FolderStore:
    """Parts of a model in a directory."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def size(self, name: str) -> int:
        """Bytes of a part."""
        try:
            return (self.path / name).stat().st_size
        except FileNotFoundError:
            raise self.error(f"{name} is missing") from None

    def open(self, name: str) -> Any:
        """Open a part for reading bytes."""
        return (self.path / name).open("rb")

    def data(self, name: str, mmap: bool) -> AnyArray:
        """Content of a part as an array of bytes, mapped if asked for."""
        if mmap and self.size(name):
            return np.memmap(self.path / name, np.uint8, mode="r")
        return np.frombuffer(self.read(name), np.uint8)

    def read(self, name: str) -> bytes:
        """Content of a part."""
        try:
            with self.open(name) as file:
                content: bytes = file.read()
                return content
        except PermissionError:
            raise
        except DAMAGE as error:
            raise self.error(f"{name} cannot be read ({error})") from None

    def sha256(self, name: str) -> str:
        """Hash of a part in hexadecimal digits."""
        digest = hashlib.sha256()
        try:
            with self.open(name) as file:
                while block := file.read(_CHUNK):
                    digest.update(block)
        except PermissionError:
            raise
        except DAMAGE as error:
            raise self.error(f"{name} cannot be read ({error})") from None
        return digest.hexdigest()

    @contextmanager
    def folder(self, names: Sequence[str]) -> Iterator[Path]:
        """Give a directory that holds these parts."""
        yield self.path

    def close(self) -> None:
        """Let go of what is open."""

    def error(self, what: str) -> ModelFileError:
        """Make the error that says what is wrong with the model."""
        return ModelFileError(
            f"{self.path}: {what}; this is no complete model of graphrep. Save or "
            "copy it again."
        )


class ZipStore(FolderStore):
    """Parts of a model in a zip file; only files of language models are unpacked."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        try:
            self._archive = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, NotImplementedError) as error:
            raise self.error(f"the zip file cannot be read ({error})") from None
        names = self._archive.namelist()
        if len(set(names)) != len(names):
            raise self.error("the zip file holds a name twice")

    def size(self, name: str) -> int:
        """Bytes of a part."""
        try:
            entry = self._archive.getinfo(name)
        except KeyError:
            raise self.error(f"{name} is missing") from None
        if entry.file_size > _BOMB_RATIO * entry.compress_size + _BOMB_SLACK:
            raise self.error(f"{name} would unpack to {entry.file_size:,} bytes")
        return entry.file_size

    def open(self, name: str) -> Any:
        """Open a part for reading bytes."""
        try:
            return self._archive.open(name)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
            raise self.error(f"{name} cannot be read ({error})") from None

    @contextmanager
    def folder(self, names: Sequence[str]) -> Iterator[Path]:
        """Unpack these parts into a directory, for the time of the block."""
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
            for part in names:
                path = Path(name) / part
                path.parent.mkdir(parents=True, exist_ok=True)
                with self.open(part) as file, path.open("wb") as out:
                    shutil.copyfileobj(file, out, _CHUNK)
            yield Path(name)

    def close(self) -> None:
        """Close the zip file."""
        self._archive.close()

    def data(self, name: str, mmap: bool) -> AnyArray:
        """Content of a part; there is nothing to map in a zip file."""
        return np.frombuffer(self.read(name), np.uint8)


def write_zip(folder: Path, names: Sequence[str], target: Path) -> None:
    """Pack the parts uncompressed, without times: the same model, the same bytes."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name in names:
            entry = zipfile.ZipInfo(name, _ZIP_TIME)
            entry.external_attr = _FILE_MODE
            source = (folder / name).open("rb")
            with source, archive.open(entry, "w", force_zip64=True) as out:
                while block := source.read(_CHUNK):
                    out.write(block)
