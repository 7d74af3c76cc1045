"""NFE beside its authors' code and PyKEEN: time of an epoch, time of an evaluation.

Each contender runs in a process of its own with one thread (``--threads``), in turn,
``--repeats`` times; the quickest is shown, in CPU seconds. All have 2 d numbers for an
entity. Part ``epoch``: one pass over all training triples, both directions, steps of
about 128 triples:

- ``graphrep``: NFE-1, defaults (whole queries in a batch), an epoch in which the loss
  is not looked at, as four of five are not;
- ``graphrep_triples``: the same with ``batching="triples"``;
- ``graphrep_plane``: points of the complex plane, the same numbers for an entity;
- ``reference``: the model of the authors' repository (``--reference`` is a clone of
  github.com/changyi7231/NFE), its loss and Adam, in a plain loop. On large sets it is
  stopped after ``--seconds`` and its steps, which are all alike, are counted up;
- ``pykeen``: ComplEx, LCWA with inverse triples, binary cross-entropy, Adam.

Part ``evaluation``: filtered ranks of all test triples, heads and tails, of parameters
that are not trained (which changes no cost):

- ``graphrep``: `rank_triples`, all test triples;
- ``reference``: the same arithmetic as the authors' test, ``--few`` triples;
- ``pykeen``: ``RankBasedEvaluator``, from the difference between ``--few`` triples and
  a quarter of them, so that costs which do not grow are left out in its favour.

    python kge_peers.py --sets umls kinships --reference NFE \\
        --peer-python pykeen=envs/pykeen/bin/python
    python kge_peers.py --sets wn18rr --components 64 --part both --reference NFE ...

``--floor`` measures the matrix product of a step alone (the floor of an epoch) with
numpy's BLAS and one thread.

Peers: ``pip install pykeen``; the authors' repository needs torch.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

BATCH = 128
EPOCHS = 5
OWN = {
    "graphrep": {},
    "graphrep_triples": {"batching": "triples"},
    "graphrep_plane": {"field": "complex", "n_pieces": 0},
}
CONTENDERS = {
    "epoch": [*OWN, "reference", "pykeen"],
    "evaluation": ["graphrep", "reference", "pykeen"],
}


def main() -> None:
    """Run all contenders in turn and print their tables."""
    options = read_options()
    if options.worker:
        work(options)
        return
    parts = ["epoch", "evaluation"] if options.part == "both" else [options.part]
    for name in options.sets:
        with tempfile.TemporaryDirectory() as folder:
            data = Path(folder) / "data.npz"
            sizes = write_data(name, data)
            print(f"\n{name}: {sizes}, d = {options.components}, 1 thread, CPU seconds")
            if options.floor:
                show_floor(data, options.components)
            for part in parts:
                show(part, data, options)


def read_options() -> argparse.Namespace:
    """Options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sets", nargs="+", default=["umls", "kinships"])
    parser.add_argument(
        "--part", choices=["epoch", "evaluation", "both"], default="both"
    )
    parser.add_argument("--components", type=int, default=256)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--few", type=int, default=256)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--reference", type=Path)
    parser.add_argument("--peer-python", action="append", default=[])
    parser.add_argument("--skip", nargs="*", default=[])
    parser.add_argument("--floor", action="store_true")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--data", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def write_data(name: str, path: Path) -> str:
    """Write the numbers of a data set; what it is, in words."""
    from graphrep import datasets

    found = getattr(datasets, f"fetch_{name.replace('-', '_')}")()
    parts = {part: found[part].triples for part in ("train", "valid", "test")}
    sizes = found.train.n_entities, found.train.n_relations
    np.savez(path, sizes=sizes, **parts)
    n_queries = len(np.unique(both_directions(parts["train"], sizes[1])[:, :2], axis=0))
    grouping = 2 * len(parts["train"]) / n_queries
    return (
        f"{sizes[0]:,} entities, {len(parts['train']):,} triples, {grouping:.2f} "
        "triples a query"
    )


def both_directions(rows: np.ndarray, n_relations: int) -> np.ndarray:
    """Triples and their inverses."""
    back = np.column_stack([rows[:, 2], rows[:, 1] + n_relations, rows[:, 0]])
    return np.concatenate([rows, back])


def show(part: str, data: Path, options: argparse.Namespace) -> None:
    """Run the contenders of a part in turn and print a table."""
    names = [n for n in CONTENDERS[part] if n not in options.skip]
    if options.reference is None:
        names = [n for n in names if n != "reference"]
    best: dict[str, dict[str, Any]] = {}
    for _ in range(options.repeats):
        for name in names:
            found = start(f"{part}:{name}", data, options)
            if name not in best or found["cpu"] < best[name]["cpu"]:
                best[name] = found
    print(f"{part:20s} {'CPU s':>9s} {'ratio':>7s} {'peak MB':>8s}")
    for name in names:
        found = best[name]
        ratio = found["cpu"] / best["graphrep"]["cpu"]
        figures = f"{found['cpu']:9.4f} {ratio:6.1f}x {found['peak']:8.0f}"
        print(f"  {name:18s} {figures} {found.get('note', '')}", flush=True)


def start(worker: str, data: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Run one contender in a process of its own."""
    peers = dict(text.split("=", 1) for text in options.peer_python)
    python = peers.get(worker.partition(":")[2], sys.executable)
    command = [python, __file__, "--worker", worker, "--data", str(data)]
    for name in ("components", "seconds", "few", "threads"):
        command += [f"--{name}", str(getattr(options, name))]
    if options.reference:
        command += ["--reference", str(options.reference)]
    count = str(options.threads)
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")
    done = subprocess.run(
        command,
        env={**os.environ, **dict.fromkeys(names, count)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{worker} failed:\n{done.stderr[-2000:]}")
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def work(options: argparse.Namespace) -> None:
    """Do the work of one contender and print its figures."""
    import resource

    part, _, name = options.worker.partition(":")
    data = dict(np.load(options.data))
    if name in OWN:
        found = own(part, name, data, options)
    elif name == "reference":
        found = reference(part, data, options)
    else:
        found = pykeen(part, data, options)
    found["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(found))


def graphs(data: dict[str, np.ndarray]) -> list[Any]:
    """The three parts as knowledge graphs of graphrep."""
    from graphrep import KnowledgeGraph

    n, n_relations = (int(size) for size in data["sizes"])
    parts = (data[part] for part in ("train", "valid", "test"))
    return [KnowledgeGraph(rows, range(n), range(n_relations)) for rows in parts]


def own(part: str, name: str, data: dict[str, np.ndarray], options: Any) -> Any:
    """Time graphrep."""
    from graphrep.kge import NFE, rank_triples

    train, valid, test = graphs(data)
    shared = {"n_jobs": options.threads, "random_state": 0, "validate_every": 1000}
    if part == "evaluation":
        model = NFE(options.components, n_epochs=1, n_negatives=64, **shared)
        model.fit(train.take(slice(0, 256)))
        rank_triples(model, test.take(slice(0, 8)), train, n_jobs=options.threads)
        begin = time.process_time()
        rank_triples(model, test, (train, valid), n_jobs=options.threads)
        return {"cpu": time.process_time() - begin}
    n_epochs = EPOCHS if len(train) < 50_000 else 2
    NFE(options.components, n_epochs=1, **OWN[name], **shared).fit(  # compiles
        train.take(slice(0, 200))
    )
    model = NFE(options.components, n_epochs=n_epochs, batch_size=BATCH, **shared)
    model.set_params(**OWN[name]).fit(train)
    return {"cpu": min(h["seconds"] for h in model.history_)}


def reference(part: str, data: dict[str, np.ndarray], options: Any) -> Any:
    """Time the model of the authors' repository."""
    sys.path.insert(0, str(options.reference))
    import torch
    from model import Model  # type: ignore[import-not-found]
    from torch.nn.functional import softplus

    torch.manual_seed(0)
    torch.set_num_threads(options.threads)
    n, n_relations = (int(size) for size in data["sizes"])
    model = Model("NFE-1", n, 2 * n_relations, options.components, 4)
    if part == "evaluation":
        return reference_ranks(model, data, options)
    rows = both_directions(data["train"], n_relations)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    rng = np.random.default_rng(0)
    times: list[float] = []
    for _ in range(EPOCHS):
        order = torch.from_numpy(rows[rng.permutation(len(rows))])
        begin, done = time.process_time(), 0
        for batch in order.split(BATCH):
            scores = model(batch[:, 0], batch[:, 1])
            mask = torch.zeros_like(scores).scatter(1, batch[:, 2:], 1)
            loss = torch.mean(softplus((1 - 2 * mask) * scores).sum(-1))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            done += len(batch)
            if time.process_time() - begin > options.seconds:
                break
        share = done / len(rows)
        times.append((time.process_time() - begin) / share)
        if share < 1:
            return {"cpu": times[-1], "note": f"from {share:.1%} of an epoch"}
    return {"cpu": min(times)}


def reference_ranks(model: Any, data: dict[str, np.ndarray], options: Any) -> Any:
    """Time the authors' test: a row of scores for each query, ranks one by one."""
    import torch

    n_relations = int(data["sizes"][1])
    rows = both_directions(
        np.concatenate([data[p] for p in ("train", "valid", "test")]), n_relations
    )
    known: dict[tuple[int, int], list[int]] = {}
    for head, relation, tail in rows.tolist():
        known.setdefault((head, relation), []).append(tail)
    test = both_directions(data["test"], n_relations)
    share = min(1.0, 2 * options.few / len(test))
    test = test[: round(share * len(test))]
    begin = time.process_time()
    with torch.no_grad():
        for start_ in range(0, len(test), BATCH):
            batch = test[start_ : start_ + BATCH]
            scores = model(
                torch.from_numpy(batch[:, 0]), torch.from_numpy(batch[:, 1])
            ).numpy()
            for row, (head, relation, tail) in zip(scores, batch.tolist(), strict=True):
                target = row[tail]
                row[known[head, relation]] = -1e8
                np.sum(row >= target)
    note = "" if share == 1 else f"from {len(test) // 2} triples"
    return {"cpu": (time.process_time() - begin) / share, "note": note}


def pykeen(part: str, data: dict[str, np.ndarray], options: Any) -> Any:
    """Time PyKEEN's ComplEx, its LCWA loop and its evaluator."""
    import logging
    import warnings

    warnings.filterwarnings("ignore")
    logging.disable(logging.CRITICAL)
    import torch
    from pykeen.evaluation import RankBasedEvaluator
    from pykeen.models import ComplEx
    from pykeen.training import LCWATrainingLoop
    from pykeen.triples import CoreTriplesFactory

    torch.manual_seed(0)
    torch.set_num_threads(options.threads)
    n, n_relations = (int(size) for size in data["sizes"])
    rows = {p: torch.from_numpy(data[p]) for p in ("train", "valid", "test")}
    factory = CoreTriplesFactory(
        rows["train"], n, n_relations, create_inverse_triples=part == "epoch"
    )
    model = ComplEx(
        triples_factory=factory, embedding_dim=options.components, random_seed=0
    )
    if part == "epoch":
        loop = LCWATrainingLoop(
            model=model,
            triples_factory=factory,
            optimizer="adam",
            optimizer_kwargs={"lr": 0.01},
        )
        shared = {"triples_factory": factory, "batch_size": BATCH, "use_tqdm": False}
        loop.train(num_epochs=1, **shared)
        begin = time.process_time()
        loop.train(num_epochs=1 + EPOCHS, continue_training=True, **shared)
        return {"cpu": (time.process_time() - begin) / EPOCHS}
    known = [rows["train"], rows["valid"]]

    def ranked(count: int) -> float:
        begin = time.process_time()
        RankBasedEvaluator(filtered=True).evaluate(
            model=model,
            mapped_triples=rows["test"][:count],
            additional_filter_triples=known,
            batch_size=64,
            use_tqdm=False,
        )
        return time.process_time() - begin

    ranked(8)
    total = len(rows["test"])
    if total <= 4 * options.few:
        return {"cpu": ranked(total)}
    few = options.few // 4
    slope = (ranked(options.few) - ranked(few)) / (options.few - few)
    return {"cpu": slope * total, "note": f"from {options.few} triples"}


def show_floor(data: Path, d: int) -> None:
    """Print what the three products of an epoch cost by numpy alone."""
    arrays = np.load(data)
    n, n_relations = arrays["sizes"]
    rows = both_directions(arrays["train"], int(n_relations))
    n_queries = len(np.unique(rows[:, :2], axis=0))
    size = max(1, round(BATCH * n_queries / len(rows)))
    rng = np.random.default_rng(0)
    queries = rng.random((size, 2 * d + 2), np.float32)
    keys = rng.random((int(n), 2 * d + 2), np.float32)
    best = np.inf
    for _ in range(5):
        begin = time.process_time()
        scores = queries @ keys.T
        scores @ keys
        scores.T @ queries
        best = min(best, time.process_time() - begin)
    steps = -(-n_queries // size)
    flops = 6 * n_queries * int(n) * (2 * d + 2)
    print(
        f"floor: {flops:.2e} flop an epoch; three products of numpy {best * steps:.4f} "
        f"CPU s ({flops / (best * steps) / 1e9:.0f} GFLOP/s)"
    )


if __name__ == "__main__":
    main()
