"""The run of a FastRP fit on the CPU: operators, powers, and the last step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
from scipy import sparse

from graphrep._utils._arrays import aligned_empty
from graphrep._utils._devices import on_processor
from graphrep._utils._warn import warn_user
from graphrep.embedding._fastrp_state import Recipe, Slot, State
from graphrep.embedding._propagation import (
    FINISH_L2,
    FINISH_NONE,
    FINISH_SUMS,
    Layer,
    Propagator,
    SignStart,
    Target,
    column_statistics,
    finish,
    fixed_point,
    padded,
    standardize,
    strengths,
)
from graphrep.exceptions import GraphValueError
from graphrep.graph import CSR, Graph, NodeIndex
from graphrep.graph._csr import reorder_neighbours, transpose
from graphrep.typing import AnyArray, FloatArray

_FINISH = {None: FINISH_NONE, "l2": FINISH_L2, "zscore": FINISH_SUMS}
_FACTOR_RANGE = {4: (1e-15, 1e15), 8: (1e-100, 1e100)}  # by bytes of a number:
# degree factors beyond would over- or underflow
_ROWS_TO_SEE = 4096  # at which it mostly shows that not all vectors are zero
_FEATURE_SPARSITY = 3.0
_FEATURE_STREAM = 0xD1B54A32D192ED03  # keeps feature keys apart from node keys;
# not the hash's own increment, which would give feature i the bits of node i + 1


class Engine(Protocol):
    """Something that can run a fit."""

    device: str

    def fit(self, run: Run, steps: Iterator[int]) -> State:
        """Run all powers; one step is taken from ``steps`` for each."""


def engine_for(device: str) -> Engine:
    """Engine of a device; torch is loaded for none but its own."""
    if on_processor(device):
        return NumbaEngine()
    from graphrep.embedding._fastrp_torch import TorchEngine

    return TorchEngine(device)


class Run:
    """One fit: the recipe, the operators of the graph, and where the result goes."""

    def __init__(
        self,
        recipe: Recipe,
        graph: Graph,
        seed: int,
        features: Any = None,
        out: Any = None,
    ) -> None:
        self.recipe = recipe
        self.n_nodes = graph.n_nodes
        self.keys = graph.nodes.keys()
        self.seed = seed
        self.features = check_features(features, graph.n_nodes)
        self.out = check_out(out, graph.n_nodes, recipe)
        order = graph.nodes.rank()
        self.operators = [
            csr if order is None else reorder_neighbours(csr, order)
            for csr in operators(graph, recipe)
        ]

    @property
    def n_steps(self) -> int:
        """Propagations in all."""
        return len(self.recipe.weights) * len(self.operators)

    def start(self, csr: CSR) -> Layer | SignStart:
        """Make the power 0: random signs, beside projected features if any."""
        recipe = self.recipe
        signs = SignStart(
            self.keys, node_factor(csr, recipe), recipe.width,
            recipe.sparsity(self.n_nodes), self.seed,
        )  # fmt: skip
        return signs if self.features is None else self._feature_start(signs)

    def _feature_start(self, signs: SignStart) -> Layer:
        recipe = self.recipe
        n_from_features = max(1, round(recipe.feature_ratio * recipe.width))
        n_from_signs = recipe.width - n_from_features
        matrix = np.zeros((self.n_nodes, padded(recipe.width)), recipe.work)
        norm = 1.0
        if n_from_signs:
            signs.n_columns = n_from_signs
            matrix[:, :n_from_signs] = signs.as_matrix()
            norm = _mean_norm(matrix)
        n_features = self.features.shape[1]
        projection = SignStart(
            np.arange(n_features, dtype=np.uint64), np.ones(n_features, recipe.work),
            n_from_features, _FEATURE_SPARSITY, self.seed ^ _FEATURE_STREAM,
        ).as_matrix()  # fmt: skip
        part = self.features @ projection
        size = _mean_norm(part)
        if size > 0:
            part = part * recipe.work.type(norm / size)
        matrix[:, n_from_signs : recipe.width] = part
        return Layer(matrix, np.empty(0, np.float32))


def node_factor(csr: CSR, recipe: Recipe) -> FloatArray:
    """Compute the factor ``(d / mean d) ** beta`` of each node, 1 at degree 0."""
    if recipe.degree == "count":
        degree: FloatArray = np.diff(csr.indptr).astype(np.float64)
    else:
        degree = strengths(csr)
    used = degree > 0
    out = np.ones(len(degree))
    if recipe.beta != 0 and used.any():
        # summed in sorted order, so that the order of the nodes leaves no trace
        mean = np.sort(degree[used]).sum() / np.count_nonzero(used)
        with np.errstate(over="ignore"):
            out[used] = (degree[used] / mean) ** recipe.beta
        out.clip(*_FACTOR_RANGE[recipe.work.itemsize], out=out)
    return out.astype(recipe.work)


class NumbaEngine:
    """Runs the powers with the numba kernels."""

    device = "cpu"

    def fit(self, run: Run, steps: Iterator[int]) -> State:
        """Run all powers of all operators, then the last step."""
        recipe = run.recipe
        state = State(recipe, np.empty(0), 0)
        out = run.out
        sums: AnyArray = np.zeros(1, np.int64)
        propagator = None
        for number, csr in enumerate(run.operators):
            propagator = Propagator(csr, recipe.work)
            powers = _Powers(run, csr, propagator, state, number)
            for _ in range(len(recipe.weights)):
                next(steps)
                out, sums = powers.advance(out)
            if not recipe.weights:
                out = powers.only_start(out)
            state.n_isolated = max(state.n_isolated, len(propagator.empty_rows))
        for _ in steps:  # let the steps come to their end
            pass
        assert out is not None
        assert propagator is not None
        _finish(out, propagator, run, state, sums)
        state.embedding = out if out.dtype == recipe.dtype else out.astype(recipe.dtype)
        return state


class _Powers:
    """Runs the powers of one operator, one at a time, in as few buffers as possible."""

    def __init__(
        self, run: Run, csr: CSR, propagator: Propagator, state: State, number: int
    ) -> None:
        self.run, self.recipe, self.state = run, run.recipe, state
        self.propagator = propagator
        self.slots = {slot.power: slot for slot in self.recipe.slots(number)}
        self.start = run.start(csr)
        self.source: Layer | SignStart = self.start
        self.power = 0
        self.free: list[Layer] = []
        self.last = len(self.recipe.weights)
        self.fresh = True
        if self._kept(0):
            self._keep_start()

    def advance(self, out: FloatArray | None) -> tuple[FloatArray | None, AnyArray]:
        """Propagate once more; add to the embedding where the power has a weight."""
        if self.power == 0 and 0 in self.slots:
            out = self.only_start(out)
        self.power += 1
        slot = self.slots.get(self.power)
        keep = None
        if self.power < self.last:
            keep = self.free.pop() if self.free else self._new_layer()
        target = None
        if slot is not None:
            out = self._out(out)
            target = self._target(out, slot)
        sums = self.propagator.apply(self.source, self.recipe.width, keep, target)
        if slot is not None:
            if self.recipe.isolated == "self":
                self._fill_isolated(target)
            self.fresh = self.recipe.combine == "concat"
        self._release()
        if keep is not None:
            self.source = keep
            if self._kept(self.power):
                self.state.layers[self.power] = keep
        return out, sums

    def only_start(self, out: FloatArray | None) -> FloatArray:
        """Put the power 0 into the embedding."""
        out = self._out(out)
        slot = self.slots[0]
        target = Target(out, slot.weight, self.recipe.normalize, True, slot.column)
        _add_start(self.start, target, None)
        self.fresh = self.recipe.combine == "concat"
        return out

    def _target(self, out: FloatArray, slot: Slot) -> Target:
        how, fixed = FINISH_NONE, 0.0
        if self.power == self.last and fuses(self.recipe):
            how = _FINISH[self.recipe.output_norm]
            fixed = fixed_point(len(out), self.recipe.bound())
        return Target(
            out, slot.weight, self.recipe.normalize, self.fresh, slot.column, how, fixed
        )

    def _fill_isolated(self, target: Target | None) -> None:
        """Give rows without edges their own row of the projection as every power."""
        rows = self.propagator.empty_rows
        if target is None or not len(rows):
            return
        own = target._replace(fresh=False, finish=FINISH_NONE)
        _add_start(self.start, own, rows)

    def _out(self, out: FloatArray | None) -> FloatArray:
        if out is not None:
            return out
        shape = (self.run.n_nodes, self.recipe.n_columns)
        return aligned_empty(shape, self.recipe.accumulator)

    def _new_layer(self) -> Layer:
        return Layer.empty(self.run.n_nodes, self.recipe.width, self.recipe.storage)

    def _kept(self, power: int) -> bool:
        """Whether `transform` needs a power: the next one has a weight."""
        return power + 1 in self.slots and self.state.inductive

    def _keep_start(self) -> None:
        if isinstance(self.start, SignStart):
            self.state.start = self.start
        else:
            self.state.layers[0] = self.start

    def _release(self) -> None:
        """Let the buffer of the power before this one be used again."""
        before = self.power - 1
        if before > 0 and not self._kept(before) and isinstance(self.source, Layer):
            self.free.append(self.source)


def fuses(recipe: Recipe) -> bool:
    """Whether the last propagation can take the last step with it.

    It can when it completes the rows and the size of their entries is known.
    """
    return (
        recipe.normalize and recipe.n_operators == 1 and recipe.isolated != "self"
        and len(recipe.weights) > 0
    )  # fmt: skip


def transform(state: State, rows: CSR, nodes: NodeIndex) -> AnyArray:
    """Embed nodes given their edges to the fitted nodes."""
    recipe = state.recipe
    order = nodes.rank()
    if order is not None:
        rows = reorder_neighbours(rows, order)
    n_rows = len(rows.indptr) - 1
    out = np.zeros((n_rows, recipe.n_columns), recipe.accumulator)
    propagator = Propagator(rows, recipe.work)
    fresh = True
    for slot in recipe.slots():
        if slot.power == 0:
            continue
        target = Target(out, slot.weight, recipe.normalize, fresh, slot.column)
        if slot.power == len(recipe.weights) and recipe.output_norm == "l2":
            target = target._replace(finish=FINISH_L2)
        propagator.apply(state.source(slot.power), recipe.width, None, target)
        fresh = recipe.combine == "concat"
    if state.mean is not None and state.per is not None:
        standardize(out, state.mean, state.per, propagator.cuts)
    return out if out.dtype == recipe.dtype else out.astype(recipe.dtype)


def estimate_memory(recipe: Recipe, n_nodes: int, n_entries: int) -> dict[str, int]:
    """Bytes of graph, embedding and layers at the peak of a fit."""
    index = 4 if n_nodes < 2**31 else 8
    row = padded(recipe.width) * recipe.storage.itemsize
    row += 4 if recipe.storage == np.int8 else 0
    entries = n_nodes * recipe.n_columns
    parts = {
        "graph": 8 * (n_nodes + 1) + (index + 4) * n_entries,
        "embedding": entries * recipe.accumulator.itemsize,
        "layers": _most_layers(recipe) * n_nodes * row,
        "projection": int(n_nodes * (8 + 4 * recipe.width / recipe.sparsity(n_nodes))),
    }
    return {**parts, "total": sum(parts.values())}


def _most_layers(recipe: Recipe) -> int:
    """Count the layers held at once: the power made, its source, and those kept."""
    inductive = recipe.keep_layers and recipe.direction != "concat"
    kept = {p - 1 for p, w in enumerate(recipe.weights, start=1) if w and inductive}
    made = len(recipe.weights) - 1  # the last power is not stored
    return max(
        (
            len({j for j in kept if 0 < j < p} | {p, max(p - 1, 1)})
            for p in range(1, made + 1)
        ),
        default=0,
    )


def check_out(out: Any, n_nodes: int, recipe: Recipe) -> FloatArray | None:
    """Check an array given for the result."""
    if out is None:
        return None
    shape, dtype = (n_nodes, recipe.n_columns), np.dtype(recipe.dtype)
    is_array = isinstance(out, np.ndarray)
    if not is_array or out.shape != shape or out.dtype != dtype:
        got = f"{out.shape} of {out.dtype}" if is_array else type(out).__name__
        raise GraphValueError(f"out must be an array {shape} of {dtype}; got {got}.")
    if not out.flags.c_contiguous or not out.flags.writeable:
        raise GraphValueError("out must be C-ordered and writable.")
    if dtype == np.float16:
        raise GraphValueError(
            "out of float16 is not supported: the sums are made in float32. "
            "Leave out=None or use dtype='float32'."
        )
    checked: FloatArray = out
    return checked


def check_features(features: Any, n_nodes: int) -> Any:
    """Check node features: finite numbers, one row a node."""
    if features is None:
        return None
    from sklearn.utils.validation import check_array

    checked: Any = check_array(
        features, accept_sparse="csr", dtype=[np.float32, np.float64],
        ensure_min_samples=0, input_name="features",
    )  # fmt: skip
    if checked.shape[0] != n_nodes:
        raise GraphValueError(
            f"features has {checked.shape[0]:,} rows but the graph has {n_nodes:,} "
            "nodes; give one row for each node, in the order of the nodes."
        )
    is_sparse: bool = sparse.issparse(checked)  # not a guard that narrows Any
    return checked.tocsr() if is_sparse else checked


def operators(graph: Graph, recipe: Recipe) -> list[CSR]:
    """CSR of each operator: rows list the nodes that a node sees."""
    direction = recipe.direction
    if recipe.self_loops == "drop":
        graph = graph.remove_self_loops()
    if direction == "out" or not graph.directed:
        return [graph.csr] * (2 if direction == "concat" else 1)
    if direction == "both":
        return [graph.symmetrize("sum").csr]
    flipped = transpose(graph.csr, graph.n_nodes)
    return [flipped] if direction == "in" else [graph.csr, flipped]


def _add_start(start: Layer | SignStart, target: Target, rows: AnyArray | None) -> None:
    """Add rows of the power 0 to the target."""
    if isinstance(start, SignStart):
        start.add_unit_rows(target, rows)
        return
    which: Any = slice(None) if rows is None else rows
    width = min(start.data.shape[1], target.out.shape[1] - target.column)
    part = start.data[which, :width] * target.coefficient
    if target.normalize:
        norm = np.linalg.norm(start.data[which], axis=1, keepdims=True)
        part = part / np.where(norm > 0, norm, 1)
    columns = slice(target.column, target.column + width)
    if target.fresh:
        target.out[which, columns] = part
    else:
        target.out[which, columns] += part


def _finish(
    out: FloatArray, propagator: Propagator, run: Run, state: State, sums: AnyArray
) -> None:
    """Take the last step unless the last propagation took it along."""
    recipe = run.recipe
    how = _FINISH[recipe.output_norm]
    if how == FINISH_NONE:
        return
    fixed = fixed_point(len(out), recipe.bound())
    if not fuses(recipe):
        sums, fixed = finish(out, propagator.cuts, how)
    if how == FINISH_SUMS:
        state.mean, state.per = column_statistics(sums, fixed, out.dtype)
        standardize(out, state.mean, state.per, propagator.cuts)


def _mean_norm(matrix: Any) -> float:
    """Mean length of the rows, summed in sorted order: the rows' order is no matter."""
    dense = np.asarray(matrix, np.float64)
    norms = np.sort(np.sqrt((dense * dense).sum(axis=1)))
    return float(norms.mean()) if dense.size else 0.0


def warn_if_zero(embedding: Any, graph: Graph) -> None:
    """Warn where the projection tells no two nodes apart, as on tiny graphs.

    Entries of it cancel over the neighbours of every node, or all nodes get the same
    unit vector, which the z-score takes away.
    """
    if embedding[:_ROWS_TO_SEE].any() or not len(graph.indices) or embedding[:].any():
        return
    n_nodes, n_columns = embedding.shape
    warn_user(
        f"All {n_nodes:,} vectors are zero: in {n_columns} dimensions the few signs of "
        "this projection cancel or are the same for all nodes. Take a larger "
        "n_components or another random_state."
    )
