"""The run of a FastRP fit on a torch device: same random bits, same formulas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from graphrep._utils._devices import device_memory, torch_device
from graphrep.embedding._fastrp_run import Run
from graphrep.embedding._fastrp_state import Recipe, State
from graphrep.embedding._propagation import Layer, Propagator, SignStart, padded
from graphrep.exceptions import GraphValueError
from graphrep.graph import CSR
from graphrep.typing import FloatArray

_ROWS_AT_ONCE = 1 << 16


class TorchEngine:
    """Runs the powers as sparse matrix products of torch.

    The projection has the same bits as on the CPU; sums are rounded in another
    order, so results agree to about 1e-5 of their size, not to the bit.
    """

    def __init__(self, device: str) -> None:
        self._torch, self._device = torch_device(device, why="FastRP", doubles=True)
        on_cpu = self._device.type == "cpu"  # "cpu" itself names the numba engine
        self.device = "torch:cpu" if on_cpu else str(self._device)

    @device_memory("FastRP", "Use device='cpu', where memory_limit= sets a bound.")
    def fit(self, run: Run, steps: Iterator[int]) -> State:
        """Run all powers of all operators, then the last step."""
        from graphrep.kernels.torch import _propagation as kernels

        recipe = run.recipe
        if recipe.layer_dtype is not None:
            raise GraphValueError(
                f"layer_dtype={recipe.layer_dtype!r} is for device='cpu'; torch keeps "
                "layers in full. Pass layer_dtype=None."
            )
        state = State(recipe, np.empty(0), 0)
        shape = (run.n_nodes, recipe.n_columns)
        out = self._torch.zeros(shape, dtype=self._dtype(recipe), device=self._device)
        for number, csr in enumerate(run.operators):
            self._run_operator(run, csr, number, steps, state, out)
        for _ in steps:  # let the steps come to their end
            pass
        if recipe.output_norm == "l2":
            kernels.unit_rows(out)
        elif recipe.output_norm == "zscore":
            mean, per = kernels.standardize(out)
            state.mean, state.per = mean.cpu().numpy(), per.cpu().numpy()
        state.embedding = self._deliver(out, run)
        return state

    def _run_operator(
        self, run: Run, csr: CSR, number: int, steps: Iterator[int], state: State,
        out: Any,
    ) -> None:  # fmt: skip
        from graphrep.kernels.torch import _propagation as kernels

        recipe = run.recipe
        slots = {slot.power: slot for slot in recipe.slots(number)}
        propagator = Propagator(csr, recipe.work)
        matrix = self._operator(propagator, kernels)
        start = run.start(csr)
        x = first = self._start_tensor(start, recipe)
        isolated = propagator.empty_rows
        state.n_isolated = max(state.n_isolated, len(isolated))
        for power in range(len(recipe.weights) + 1):
            if power:
                next(steps)
                x = kernels.propagate(matrix, x)
            if power + 1 in slots and state.inductive:
                self._keep(state, power, x, start)
            if power not in slots:
                continue
            slot = slots[power]
            part = out[:, slot.column : slot.column + recipe.width]
            kernels.add_power(x, slot.weight, recipe.normalize, False, part)
            if recipe.isolated == "self" and power:
                self._fill(first, part, isolated, slot.weight, recipe, kernels)

    def _fill(
        self, first: Any, part: Any, rows: Any, weight: float, recipe: Recipe,
        kernels: Any,
    ) -> None:  # fmt: skip
        """Give rows without edges their own row of the projection as a power."""
        at = self._torch.as_tensor(rows, device=self._device)
        own = self._torch.zeros_like(first[at])
        kernels.add_power(first[at], weight, recipe.normalize, True, own)
        part[at] += own

    def _operator(self, propagator: Propagator, kernels: Any) -> Any:
        def move(array: Any) -> Any:
            return self._torch.as_tensor(np.array(array), device=self._device)

        weights = propagator.weights
        return kernels.operator(
            move(propagator.indptr),
            move(propagator.indices),
            move(weights) if weights.dtype.kind == "f" else None,
            move(propagator.inverse),
        )

    def _start_tensor(self, start: Layer | SignStart, recipe: Recipe) -> Any:
        """Power 0 as a dense tensor, drawn on the device."""
        torch = self._torch
        if isinstance(start, Layer):
            return torch.as_tensor(start.data[:, : recipe.width], device=self._device)
        from graphrep.kernels.torch._projection import dense_signs

        keys = torch.as_tensor(start.keys.view(np.int64).copy(), device=self._device)
        factor = torch.as_tensor(start.factor, device=self._device)
        shape = (len(keys), recipe.width)
        x = torch.empty(shape, dtype=factor.dtype, device=self._device)
        half = min(int(start.half), 2**63 - 1)
        for at in range(0, len(keys), _ROWS_AT_ONCE):
            rows = slice(at, at + _ROWS_AT_ONCE)
            dense_signs(int(start.seed), keys[rows], recipe.width, 0, half, x[rows])
        return x.mul_(factor[:, None])

    def _keep(self, state: State, power: int, x: Any, start: Layer | SignStart) -> None:
        if power == 0 and isinstance(start, SignStart):
            state.start = start
            return
        data: FloatArray = np.zeros((len(x), padded(x.shape[1])), state.recipe.work)
        data[:, : x.shape[1]] = x.cpu().numpy()
        state.layers[power] = Layer(data, np.empty(0, np.float32))

    def _dtype(self, recipe: Recipe) -> Any:
        double = recipe.work == np.float64
        return self._torch.float64 if double else self._torch.float32

    def _deliver(self, out: Any, run: Run) -> Any:
        result = out.cpu().numpy().astype(run.recipe.dtype, copy=False)
        if run.out is None:
            return result
        run.out[:] = result
        return run.out
