"""Bunch: what a loader returns, read by key or by attribute."""

from __future__ import annotations

from typing import Any

_GRAPHS = ("Graph", "Hypergraph")


class Bunch(dict[str, Any]):
    """A dictionary whose keys can also be read as attributes.

    Examples
    --------
    >>> bunch = Bunch(graph="G", y=[0, 1])
    >>> bunch.y is bunch["y"]
    True
    """

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(
                f"This data set has no {name!r}; it has {', '.join(self)}."
            ) from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self})

    def __repr__(self) -> str:
        parts = [f"{key}={_short(value)}" for key, value in self.items()]
        return f"Bunch({', '.join(parts)})"


def _short(value: object) -> str:
    """Show small things as they are and large ones by their kind and size."""
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and type(value).__name__ not in _GRAPHS:
        return f"<{type(value).__name__} of shape {shape}>"
    if isinstance(value, (str, dict, list, tuple)) and len(value) > 3:
        return f"<{type(value).__name__} of length {len(value):,}>"
    return repr(value)
