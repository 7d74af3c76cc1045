"""Bases of objects that hold a file until a ``with`` statement ends."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Self


class Leaves:
    """What a ``with`` statement leaves at its end, after an error too."""

    def _leave(self) -> None:
        """Let go of the file."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._leave()


class Closes(Leaves):
    """What a ``with`` statement closes."""

    def close(self) -> None:
        """Close the file."""
        raise NotImplementedError

    def _leave(self) -> None:
        self.close()
