"""Exceptions and warnings of graphrep.

Every message says what is wrong, the value, where it stands, and what to do.
All exceptions also derive from the builtin that a careless caller would catch.
"""


class GraphRepError(Exception):
    """Base of all exceptions raised on purpose by graphrep."""


class GraphValueError(GraphRepError, ValueError):
    """A graph, array or parameter holds a value that cannot be used."""


class GraphTypeError(GraphRepError, TypeError):
    """An object is of a kind that cannot be read as what was asked for."""


class GraphFormatError(GraphValueError):
    """A file breaks its format.

    Parameters
    ----------
    message : str
        What is wrong and what to do.
    path : str or None, default=None
        File at fault; shown before the message.
    line : int or None, default=None
        1-based line number; shown after the path.
    """

    def __init__(
        self, message: str, *, path: object = None, line: int | None = None
    ) -> None:
        self.reason = message
        self.path = None if path is None else str(path)
        self.line = line
        where = self.path or ""
        if line is not None:
            where = f"{where}:{line}" if where else f"line {line}"
        super().__init__(f"{where}: {message}" if where else message)

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild_format_error, (self.reason, self.path, self.line))


def _rebuild_format_error(
    message: str, path: str | None, line: int | None
) -> GraphFormatError:
    return GraphFormatError(message, path=path, line=line)


class NodeNotFoundError(GraphRepError, KeyError):
    """A node id is not in the graph."""

    def __str__(self) -> str:  # KeyError would show the repr of the message
        return str(self.args[0]) if self.args else ""


class MissingDependencyError(GraphRepError, ImportError):
    """An optional package is needed and not installed."""


class DeviceError(GraphRepError, ValueError):
    """The device asked for cannot be used."""


class MemoryLimitError(GraphRepError, MemoryError):
    """The work would need more memory than there is; raised before allocating."""


class TaskError(GraphRepError, RuntimeError):
    """A task of long work kept failing; its last error is the cause."""


class ModelFileError(GraphRepError, ValueError):
    """A saved model is damaged, incomplete or of a newer format."""


class GraphWarning(UserWarning):
    """The input is usable, but something in it deserves a look."""
