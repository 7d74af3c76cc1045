"""Speed of the device kernels beside the bandwidth and flops of the same device.

    python gpu.py --device cuda --out gpu.json
    python gpu.py --device cpu --small      # does it run; its figures mean nothing

Prints the card, versions and seed, a triad and products of matrices measured in this
run, then a row for each piece of work: the best wall seconds of some repeats after one
that is not counted, and what that is of the triad or of the product of float32. Graphs
and vectors are drawn on the device. Random walks and skip-gram are run by torch, and by
Triton where it is installed; a row of Triton starts only if its numbers are those of
torch. Nothing else may use the device meanwhile.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

import graphrep
from graphrep import KnowledgeGraph
from graphrep.embedding._walk_tables import walk_rule
from graphrep.kernels import triton as triton_room
from graphrep.kernels.torch import _projection, _propagation, _skipgram
from graphrep.kernels.torch import _walks as torch_walks
from graphrep.kge import NFE
from graphrep.retrieval import ExactIndex

SEED = 1
FULL = {
    "triad": 1 << 28, "matmul": 8192, "nodes": 10_000_000, "edges": 200_000_000,
    "dim": 128, "walk_nodes": 1_000_000, "walk_edges": 20_000_000, "walks": 1 << 18,
    "length": 80, "batch": 256, "entities": 40_943, "triples": 86_835, "flow_dim": 1024,
    "base": 1_000_000, "queries": 8192, "width": 256,
}  # fmt: skip
SMALL = {
    "triad": 1 << 16, "matmul": 64, "nodes": 2000, "edges": 10_000, "dim": 16,
    "walk_nodes": 500, "walk_edges": 3000, "walks": 64, "length": 10, "batch": 16,
    "entities": 100, "triples": 300, "flow_dim": 8, "base": 2000, "queries": 64,
    "width": 16,
}  # fmt: skip


class Bench:
    """Sizes, device, and the rows of the table."""

    def __init__(self, device: torch.device, sizes: dict[str, int], repeats: int):
        self.device, self.sizes, self.repeats = device, sizes, repeats
        self.rows: list[dict[str, Any]] = []
        self.random = torch.Generator(device).manual_seed(SEED)
        self.bandwidth = self.flops = float("nan")

    def wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def best(self, run: Callable[[], Any]) -> float:
        """Smallest wall seconds of some runs, after one that is not counted."""
        run()
        spent = []
        for _ in range(self.repeats):
            self.wait()
            start = time.perf_counter()
            run()
            self.wait()
            spent.append(time.perf_counter() - start)
        return min(spent)

    def row(
        self, name: str, seconds: float, *, moved: float = 0, flops: float = 0,
        count: float = 0, unit: str = "",
    ) -> None:  # fmt: skip
        row: dict[str, Any] = {"name": name, "seconds": seconds}
        text = f"{name:44} {seconds:10.4f} s"
        if count:
            row["rate"], row["unit"] = count / seconds, unit
            text += f"  {count / seconds / 1e6:12.2f} M {unit}/s"
        if moved:
            row["bytes_per_s"] = moved / seconds
            row["of_triad"] = moved / seconds / self.bandwidth
            text += f"  {moved / seconds / 1e9:8.1f} GB/s"
            text += f" = {row['of_triad']:6.1%} of the triad"
        if flops:
            row["flops"] = flops / seconds
            row["of_matmul"] = flops / seconds / self.flops
            text += f"  {flops / seconds / 1e12:8.3f} TFLOP/s"
            text += f" = {row['of_matmul']:6.1%} of the product"
        self.rows.append(row)
        print(text, flush=True)

    # -- what the device can do ----------------------------------------------------
    def machine(self) -> None:
        a, b = (torch.zeros(self.sizes["triad"], device=self.device) for _ in range(2))
        seconds = self.best(lambda: torch.add(a, b, alpha=2.0, out=a))
        moved = 12 * self.sizes["triad"]
        self.bandwidth = moved / seconds
        self.row("triad, a = a + 2 b, float32", seconds, moved=moved)
        n = self.sizes["matmul"]
        for dtype in (torch.float32, torch.bfloat16):
            x, y = (torch.ones((n, n), dtype=dtype, device=self.device) for _ in "xy")
            seconds = self.best(lambda x=x, y=y: x @ y)
            if dtype == torch.float32:
                self.flops = 2 * n**3 / seconds
            self.row(f"product, {n} cubed, {dtype}", seconds, flops=2 * n**3)

    # -- graphs ----------------------------------------------------------------------
    def edges(self, n: int, m: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Compressed rows of m random undirected edges, drawn and sorted here."""
        place = {"device": self.device, "generator": self.random}
        ends = torch.randint(0, n, (2, m), **place)
        keys = torch.cat([ends[0] * n + ends[1], ends[1] * n + ends[0]])
        del ends
        keys = torch.unique(keys)
        rows = torch.div(keys, n, rounding_mode="floor")
        indptr = torch.zeros(n + 1, dtype=torch.int64, device=self.device)
        indptr[1:] = torch.bincount(rows, minlength=n).cumsum(0)
        return indptr, (keys - rows * n).to(torch.int32)

    def fastrp(self) -> None:
        n, d = self.sizes["nodes"], self.sizes["dim"]
        indptr, indices = self.edges(n, self.sizes["edges"])
        entries = len(indices)
        inverse = 1.0 / (indptr[1:] - indptr[:-1]).clamp(min=1).to(torch.float32)
        matrix = _propagation.operator(indptr, indices, None, inverse)
        x = torch.empty((n, d), device=self.device)
        keys = torch.arange(n, device=self.device)

        def signs() -> None:
            for at in range(0, n, 1 << 16):
                part = slice(at, at + (1 << 16))
                _projection.dense_signs(SEED, keys[part], d, 0, 2**63 // 3, x[part])

        name = f"{n:,} nodes, {entries:,} entries, d={d}"
        self.row(f"FastRP signs, {name}", self.best(signs), count=n * d, unit="signs")
        moved = entries * (4 * d + 12) + 4 * n * d
        self.row(
            f"FastRP power, {name}",
            self.best(lambda: _propagation.propagate(matrix, x)), moved=moved,
        )  # fmt: skip
        out = torch.zeros_like(x)

        def whole() -> None:
            signs()
            layer, out[:] = x, 0
            for weight in (0.0, 1.0, 7.81, 45.28):
                layer = _propagation.propagate(matrix, layer)
                _propagation.add_power(layer, weight, True, False, out)
            _propagation.standardize(out)

        self.row(f"FastRP, 4 powers, {name}", self.best(whole), moved=4 * moved)

    # -- node2vec ----------------------------------------------------------------------
    def node2vec(self) -> None:
        n, length = self.sizes["walk_nodes"], self.sizes["length"]
        indptr, indices = self.edges(n, self.sizes["walk_edges"])
        none = torch.empty(0, device=self.device)
        rows = torch.repeat_interleave(
            torch.arange(n, device=self.device), indptr[1:] - indptr[:-1]
        )
        graph = torch_walks.WalkGraph(
            indptr, indices, none, none, none.to(torch.int32), none,
            rows * n + indices, bool((indptr[1:] == indptr[:-1]).any()),
        )  # fmt: skip
        starts = torch.randint(
            0, n, (self.sizes["walks"],), device=self.device, generator=self.random
        )
        keys = torch_walks.walk_keys(SEED, torch.zeros_like(starts), starts)
        kinds: dict[str, tuple[Any, Any]] = {"torch": (torch_walks, _skipgram)}
        if triton_room.at_hand(self.device):
            from graphrep.kernels.triton import _skipgram as fused
            from graphrep.kernels.triton import _walks as lanes

            kinds["triton"] = lanes, fused
        drawn: dict[Any, torch.Tensor] = {}
        for p, q in ((1.0, 1.0), (0.25, 4.0)):
            rule = walk_rule(p, q)
            for kind, (module, _) in kinds.items():
                walks = module.walks(graph, rule, starts, keys, length)
                if not torch.equal(drawn.setdefault((p, q), walks), walks):
                    raise SystemExit(f"walks of {kind} are not those of torch")
                seconds = self.best(
                    lambda m=module, r=rule: m.walks(graph, r, starts, keys, length)
                )
                self.row(
                    f"walks by {kind}, p={p:g}, q={q:g}, {n:,} nodes", seconds,
                    count=int((walks >= 0).sum()), unit="nodes",
                )  # fmt: skip
        walks = drawn[1.0, 1.0][: self.sizes["batch"]].to(torch.int64)
        self.steps(walks, keys[: len(walks)], n, kinds)

    def steps(self, walks: Any, keys: Any, n: int, kinds: dict[str, Any]) -> None:
        """Steps of skip-gram with a batch of walks."""
        d, shared = self.sizes["dim"], 64
        start = [
            torch.randn((n, d), device=self.device, generator=self.random) / d
            for _ in range(2)
        ]
        noise = _skipgram.negatives(
            keys, torch.ones(n, device=self.device),
            torch.zeros(n, dtype=torch.int32, device=self.device), shared,
        )  # fmt: skip
        length = walks.shape[1]
        band = _skipgram.band(length, 10, self.device)
        first: Any = None
        for kind, (_, module) in kinds.items():
            tables = [table.clone() for table in start]

            def step(m: Any = module, tables: Any = tables) -> None:
                m.train_batch(*tables, walks, noise, band, 5, 0.025, 128.0)

            step()
            if first is not None:
                for mine, other in zip(tables, first, strict=True):
                    torch.testing.assert_close(mine, other, rtol=1e-4, atol=1e-5)
            else:
                first = [table.clone() for table in tables]
            self.row(
                f"skip-gram step by {kind}, {len(walks)} walks of {length}, d={d}",
                self.best(step), count=int((walks >= 0).sum()), unit="tokens",
            )  # fmt: skip

    # -- triples, vectors ------------------------------------------------------------
    def flows(self, word: str) -> None:
        n, d = self.sizes["entities"], self.sizes["flow_dim"]
        rng = np.random.default_rng(SEED)
        rows = rng.integers(0, [n, 11, n], (self.sizes["triples"], 3))
        graph = KnowledgeGraph(np.unique(rows, axis=0), [f"e{i}" for i in range(n)])
        n_queries = len(
            np.unique(
                np.concatenate([rows[:, :2], rows[:, :0:-1] + [0, 11]]), axis=0
            )  # of both directions
        )
        for mixed in (False, True):
            spent = []
            for n_epochs in (1, 1, 3):  # the first warms up
                model = NFE(d, n_epochs=n_epochs, batch_size=1024, device=word,
                            mixed_precision=mixed, random_state=SEED)  # fmt: skip
                self.wait()
                start = time.perf_counter()
                model.fit(graph)
                self.wait()
                spent.append(time.perf_counter() - start)
            seconds = max((spent[2] - spent[1]) / 2, 1e-9)
            kind = "bfloat16" if mixed else "float32"
            self.row(
                f"NFE epoch by {model.kernels_}, {kind}, n={n:,}, d={d}", seconds,
                flops=6.0 * n_queries * n * 2 * d,
            )  # fmt: skip

    def nearest(self, word: str) -> None:
        n, width = self.sizes["base"], self.sizes["width"]
        rng = np.random.default_rng(SEED)
        base = rng.standard_normal((n, width), dtype=np.float32)
        queries = rng.standard_normal((self.sizes["queries"], width), dtype=np.float32)
        index = ExactIndex(base, device=word)
        seconds = self.best(lambda: index.query(queries, 10))
        self.row(
            f"ExactIndex, k=10, {len(queries):,} in {n:,} x {width}", seconds,
            flops=2.0 * len(queries) * n * width,
        )  # fmt: skip


def facts(device: torch.device) -> dict[str, Any]:
    """Card and versions."""
    found: dict[str, Any] = {
        "device": str(device), "python": platform.python_version(),
        "torch": torch.__version__, "graphrep": graphrep.__version__, "seed": SEED,
        "float32_matmul_precision": torch.get_float32_matmul_precision(),
        "triton": None,
    }  # fmt: skip
    if triton_room.at_hand(device):
        import triton

        found["triton"] = triton.__version__
    if device.type == "cuda":
        card = torch.cuda.get_device_properties(device)
        found |= {"card": card.name, "memory": card.total_memory,
                  "cuda": torch.version.cuda}  # fmt: skip
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda", help="cuda, cuda:1, or cpu")
    parser.add_argument("--small", action="store_true", help="sizes of a test")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", help="a .json file for facts and rows")
    args = parser.parse_args()
    device = torch.device(args.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        raise SystemExit("torch sees no CUDA device; give --device cpu --small.")
    word = "torch:cpu" if device.type == "cpu" else args.device
    known = facts(device)
    print("\n".join(f"{key}: {value}" for key, value in known.items()))
    bench = Bench(device, SMALL if args.small else FULL, args.repeats)
    with torch.inference_mode():
        bench.machine()
        bench.fastrp()
        bench.node2vec()
    bench.flows(word)
    bench.nearest(word)
    if args.out:
        text = json.dumps({"facts": known, "rows": bench.rows}, indent=1)
        Path(args.out).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
