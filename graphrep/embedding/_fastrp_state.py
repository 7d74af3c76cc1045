"""What a fit of FastRP was asked for (`Recipe`) and what it left (`State`)."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from graphrep.embedding._propagation import Layer, SignStart
from graphrep.typing import AnyArray, FloatArray

if TYPE_CHECKING:
    from graphrep.embedding._fastrp import FastRP

_STORAGE: dict[str, np.dtype[Any]] = {
    "bfloat16": np.dtype(np.uint16),
    "int8": np.dtype(np.int8),
}


class Slot(NamedTuple):
    """One weighted power and the first of its columns."""

    power: int
    weight: float
    column: int


@dataclass(frozen=True)
class Recipe:
    """Checked parameters of one fit; see `FastRP` for their meaning."""

    n_components: int
    weights: tuple[float, ...]
    beta: float
    projection: str | float
    normalize: bool
    output_norm: str | None
    degree: str
    direction: str
    combine: str
    self_influence: float
    isolated: str
    feature_ratio: float
    layer_dtype: str | None
    dtype: str
    keep_layers: bool
    self_loops: str

    @classmethod
    def of(cls, estimator: FastRP, weights: FloatArray, dtype: np.dtype[Any]) -> Recipe:
        """Read the parameters of an estimator."""
        e = estimator
        projection = (
            e.projection if isinstance(e.projection, str) else float(e.projection)
        )
        own = float(e.self_influence)
        scale = 1.0 if e.output_norm is None else _power_of_two(weights, own)
        return cls(
            int(e.n_components), tuple((weights / scale).tolist()), float(e.beta),
            projection, e.power_norm == "l2", e.output_norm, e.degree, e.direction,
            e.combine, own / scale, e.isolated, float(e.feature_ratio), e.layer_dtype,
            np.dtype(dtype).name, bool(e.keep_layers), e.self_loops,
        )  # fmt: skip

    @property
    def n_operators(self) -> int:
        """Number of operators that share the dimensions."""
        return 2 if self.direction == "concat" else 1

    @property
    def width(self) -> int:
        """Dimensions of one operator's powers."""
        return self.n_components // self.n_operators

    @property
    def work(self) -> np.dtype[Any]:
        """Type of the arithmetic."""
        double = self.dtype == "float64" and self.layer_dtype is None
        return np.dtype(np.float64 if double else np.float32)

    @property
    def accumulator(self) -> np.dtype[Any]:
        """Type of the array that powers are added to."""
        return np.dtype(np.float32 if self.dtype == "float16" else self.dtype)

    @property
    def storage(self) -> np.dtype[Any]:
        """Type of the stored layers."""
        return _STORAGE[self.layer_dtype] if self.layer_dtype else self.work

    @property
    def n_columns(self) -> int:
        """Columns of the embedding."""
        if self.combine == "sum":
            return self.n_components
        return self.n_components * len(self._weighted())

    def slots(self, operator: int = 0) -> list[Slot]:
        """Weighted powers of one operator and where they go; power 0 comes first."""
        start = operator * (self.n_columns // self.n_operators)
        step = self.width if self.combine == "concat" else 0
        return [
            Slot(power, weight, start + i * step)
            for i, (power, weight) in enumerate(self._weighted())
        ]

    def bound(self) -> float:
        """Largest possible absolute entry of the sum when powers are normalised."""
        return abs(self.self_influence) + sum(abs(w) for w in self.weights)

    def sparsity(self, n_nodes: int) -> float:
        """Sparsity s of the projection for a graph of some size."""
        if self.projection == "very_sparse":
            return float(np.sqrt(n_nodes))
        return 3.0 if self.projection == "achlioptas" else float(self.projection)

    def _weighted(self) -> list[tuple[int, float]]:
        pairs = [(0, self.self_influence), *enumerate(self.weights, start=1)]
        return [(power, weight) for power, weight in pairs if weight != 0]


def _power_of_two(weights: FloatArray, self_influence: float) -> float:
    """Power of two near the largest weight.

    Division by it changes no bit of a normalised result but keeps weights like
    1e20, which are as good as any, inside the range of the sums.
    """
    most = max(np.abs(weights).max(initial=0.0), abs(self_influence))
    return float(2.0 ** np.clip(np.floor(np.log2(most)), -1000, 1000))


@dataclass
class State:
    """Embedding, and what it takes to embed new nodes."""

    recipe: Recipe
    embedding: AnyArray
    n_isolated: int
    layers: dict[int, Layer] = field(default_factory=dict)
    start: SignStart | None = None
    mean: FloatArray | None = None
    per: FloatArray | None = None

    @property
    def inductive(self) -> bool:
        """Whether new nodes can be embedded."""
        return self.recipe.keep_layers and self.recipe.direction != "concat"

    def source(self, power: int) -> Layer | SignStart:
        """Layer that a power is propagated from."""
        if power == 1 and self.start is not None:
            return self.start
        return self.layers[power - 1]

    def to_arrays(self) -> tuple[dict[str, AnyArray], dict[str, Any]]:
        """Everything as named arrays and JSON-able scalars."""
        arrays = {"embedding_": self.embedding}
        for power, layer in self.layers.items():
            arrays[f"layer_{power}"] = layer.data
            arrays[f"layer_{power}_scale"] = layer.scale
        scalars: dict[str, Any] = {
            "recipe": {**asdict(self.recipe), "weights": list(self.recipe.weights)},
            "n_isolated": self.n_isolated,
        }
        if self.start is not None:
            arrays |= {"start_keys": self.start.keys, "start_factor": self.start.plain}
            scalars["start"] = [
                self.start.n_columns, self.start.sparsity, int(self.start.seed)
            ]  # fmt: skip
        if self.mean is not None and self.per is not None:
            arrays |= {"mean": self.mean, "per": self.per}
        return arrays, scalars

    @classmethod
    def from_arrays(cls, arrays: dict[str, AnyArray], scalars: dict[str, Any]) -> State:
        """Undo `to_arrays`."""
        raw = dict(scalars["recipe"])
        recipe = Recipe(**{**raw, "weights": tuple(raw["weights"])})
        powers = [
            int(name.split("_")[1])
            for name in arrays
            if name.startswith("layer_") and not name.endswith("_scale")
        ]
        layers = {
            p: Layer(arrays[f"layer_{p}"], arrays[f"layer_{p}_scale"]) for p in powers
        }
        start = None
        if "start" in scalars:
            n_columns, sparsity, seed = scalars["start"]
            start = SignStart(
                arrays["start_keys"], arrays["start_factor"], n_columns, sparsity, seed
            )
        return cls(
            recipe, arrays["embedding_"], int(scalars["n_isolated"]), layers, start,
            arrays.get("mean"), arrays.get("per"),
        )  # fmt: skip
