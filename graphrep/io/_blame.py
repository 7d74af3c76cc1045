"""Say which file is at fault when the checks of a noun refuse what was read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from graphrep.exceptions import GraphFormatError, GraphTypeError, GraphValueError
from graphrep.typing import PathType


@contextmanager
def blame_file(path: PathType) -> Iterator[None]:
    """Turn errors of graphrep inside the block into ones that name the file."""
    try:
        yield
    except GraphFormatError:
        raise
    except (GraphValueError, GraphTypeError) as error:
        raise GraphFormatError(str(error), path=path) from error
