"""Recall of blocking over the budget, methods and peers side by side.

    python blocking.py --data DIR --json results.jsonl
    python blocking.py --data DIR --sets abt_buy --methods tfidf nlsh nlsh-labels
    python blocking.py --data DIR --methods lexical wordllama minilm --gold held
    python blocking.py --data DIR --peers --peer-python pyjedai=envs/pyjedai/bin/python

``--data`` names a folder with a folder for each set: ``tableA.csv`` and ``tableB.csv``
with a column ``id`` (or ``table.csv`` for one table), ``matches.csv`` and perhaps
``matches_full.csv`` with two columns of ids, perhaps compressed. Every run is scored by
each gold, and ``--gold`` says which is shown: "full" is the complete standard where
there is one; "matches" are the labelled pairs that survived the blocking of those who
made the set, which flatters recall by a point or two; "held" are the 40 % of the full
ones that methods with labels do not see (of a seed), the only gold that those have.

Recall is given at 1, 2, 5 and 10 times the records of the smaller table, pairs in all,
so that neither direction of asking matters. Methods that give fewer pairs are marked
with how many they give. ``fixed-A`` and ``fixed-B`` are the k nearest of each record of
one table by TF-IDF of character 3-grams, ``raw`` its cosine with one threshold for all,
``csls`` its local scaling. ``lexical`` is the encoder of ``nlsh`` before it has learnt.
``nlsh`` learns without labels, ``nlsh-labels`` from 60 % of the matches; ``infonce``
stands for the other loss. ``wordllama`` and ``minilm`` learn nothing; with ``-labels``
or ``-infonce`` they learn from the same 60 %, MiniLM by fine-tuning all of it, which
takes minutes.

Every run is a process of its own, one thread; CPU seconds include reading of texts but
not of files, after a warm-up on a toy. Columns that name the answer (original ids,
clusters) are dropped. Peers: see ``blocking_peers.py``. ``--plot FILE`` draws recall
over the budget, see ``blocking_plot.py``; runs that the file of ``--json`` has are not
made again for it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from blocking_peers import PEERS
from blocking_plot import save_curves

Row = dict[str, Any]
SETS = (
    "abt_buy", "amazon_google", "walmart_amazon", "dblp_acm", "dblp_acm_dirty",
    "dblp_scholar_pairs", "imdb_tmdb", "beer", "fodors_zagats", "febrl4",
    "wdc_block_small", "febrl1", "rldata10000", "musicbrainz20k",
)  # fmt: skip
LEAKS = {"orig_id", "soc_sec_id", "rec_id", "cluster_id", "class", "CID", "TID"}
TIMES = (1, 2, 5, 10)
CURVE = (
    0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10,
)  # fmt: skip
GOLDS = ("full", "matches", "held")
LABELLED = {
    f"{name}-{loss}"
    for name in ("nlsh", "wordllama", "minilm")
    for loss in ("labels", "infonce")
} | {"dedupe", "dedupe-95", "dedupe-simple"}
_TEXT = Callable[[Any], list[str]]


def main() -> None:
    """Run what is asked for, one table."""
    options = read_options()
    if options.worker:
        work(options, json.loads(options.worker))
        return
    print(environment())
    heads = " | ".join(f"{t}x" for t in TIMES)
    print(f"\n| data | method | {heads} | CPU s | MiB |\n|{'---|' * (4 + len(TIMES))}")
    known = read_known(options.json)
    names = options.methods or ([] if options.peers else list(METHODS))
    if options.peers:
        names = [*names, *PEERS]
    drawn: list[Row] = []
    for name in options.sets:
        for method in names:
            gold = "held" if method in LABELLED else options.gold
            seeds = options.seeds if gold == "held" else 1
            rows = [run(options, known, name, method, s) for s in range(seeds)]
            print(line_of(name, method, rows, gold), flush=True)
            drawn += rows
    if options.plot:
        save_curves(drawn, options.plot, options.gold, TIMES, CURVE)


def read_options() -> argparse.Namespace:
    """Options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", nargs="+", default=SETS, choices=SETS)
    parser.add_argument("--methods", nargs="+", choices=[*METHODS, *OTHERS, *PEERS])
    parser.add_argument("--peers", action="store_true", help="all peers")
    parser.add_argument("--peer-python", action="append", default=[])
    parser.add_argument("--gold", choices=GOLDS, default="full")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--timeout", type=float, help="seconds that a run may take")
    parser.add_argument("--cpu-limit", type=int, help="CPU seconds that a run may take")
    parser.add_argument("--memory-limit", type=float, help="GiB that a run may take")
    parser.add_argument("--json", type=Path, help="file that gets a line for each run")
    parser.add_argument("--plot", type=Path, help="picture of recall over the budget")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    return parser.parse_args()


def environment() -> str:
    """Versions and machine."""
    packages = (
        "graphrep", "numpy", "scipy", "scikit-learn", "numba", "torch",
        "sentence-transformers", "wordllama",
    )  # fmt: skip
    found = []
    for package in packages:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    python = f"Python {platform.python_version()} on {platform.machine()}"
    return f"{', '.join(found)}; {python}; 1 thread"


# -- runs ------------------------------------------------------------------------------
def run(
    options: argparse.Namespace,
    known: dict[str, Row],
    name: str,
    method: str,
    seed: int,
) -> Row:
    """One run, unless the file has it."""
    asked = {"set": name, "method": method, "seed": seed}
    key = json.dumps(asked, sort_keys=True)
    if key in known:
        return known[key]
    single = {f"{p}_NUM_THREADS": "1" for p in ("OMP", "MKL", "OPENBLAS", "NUMBA")}
    try:
        done = subprocess.run(
            [
                sys.executable, __file__, "--data", str(options.data), "--worker", key,
                *(f"--peer-python={text}" for text in options.peer_python),
            ],
            capture_output=True, text=True, timeout=options.timeout,
            env=os.environ | single, check=False, preexec_fn=lambda: limit(options),
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return asked | {"error": f"not done in {options.timeout:g} s"}
    if done.returncode:
        return asked | {"error": said_by(done)[:100]}
    row: Row = asked | json.loads(done.stdout.splitlines()[-1])
    if options.json:
        with options.json.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
    return row


def said_by(done: subprocess.CompletedProcess[str]) -> str:
    """Last line of a process that failed, or what ended it."""
    if done.returncode < 0:
        return f"ended by {signal.Signals(-done.returncode).name}"
    return (done.stderr.strip().splitlines() or ["no output"])[-1]


def limit(options: argparse.Namespace) -> None:
    """Limits of a process, and of each that it starts."""
    if options.cpu_limit:
        soft = options.cpu_limit  # SIGXCPU at this, SIGKILL later
        resource.setrlimit(resource.RLIMIT_CPU, (soft, soft + 10))
    if options.memory_limit:
        most = int(options.memory_limit * 2**30)
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def read_known(path: Path | None) -> dict[str, Row]:
    """Runs that a file has."""
    if path is None or not path.exists():
        return {}
    keys = ("method", "seed", "set")
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return {json.dumps({k: r[k] for k in keys}, sort_keys=True): r for r in rows}


def line_of(name: str, method: str, rows: list[Row], gold: str) -> str:
    """Line of the table."""
    good = [row for row in rows if gold in row.get("recall", ())]
    if not good:
        said = rows[0].get("error", f"no gold {gold!r}")
        return f"| {name} | {method} | {said} |{' |' * (len(TIMES) + 1)}"
    cells = []
    for i in range(len(TIMES)):
        values = [100.0 * row["recall"][gold][i] for row in good]
        cells.append(f"{statistics.mean(values):.2f}")
        if len(values) > 1:
            cells[-1] += f" ± {statistics.stdev(values):.2f}"
        if good[0]["pairs"] < good[0]["budgets"][i]:
            cells[-1] += f" ({good[0]['pairs']:,})"
    cpu = statistics.mean(row["cpu"] for row in good)
    memory = max(row["MiB"] for row in good)
    return f"| {name} | {method} | {' | '.join(cells)} | {cpu:.2f} | {memory:,.0f} |"


def work(options: argparse.Namespace, asked: Row) -> None:
    """Worker: one method on one set, a line of JSON."""
    warnings.simplefilter("ignore")
    name, method, seed = asked["set"], asked["method"], asked["seed"]
    A, B, golds = load(options.data / name)
    one_table = B is None
    n = len(A) if B is None else min(len(A), len(B))
    draw = np.random.default_rng(seed).permutation(len(golds["full"].left))
    cut = int(0.6 * len(draw))
    train, held = (take(golds["full"], np.sort(p)) for p in np.split(draw, [cut]))
    golds = {"held": held} if method in LABELLED else golds | {"held": held}
    if method in PEERS:
        pythons = dict(text.split("=", 1) for text in options.peer_python)
        python = pythons.get(method.partition("-")[0], sys.executable)
        told = train if method in LABELLED else None
        left, right, facts = ask_peer(python, method, A, B, told, seed)
    else:
        call = {**METHODS, **OTHERS}[method]
        known = train if method in LABELLED else None
        call(*load_toy(), None, 8, 0)
        start = time.process_time()
        left, right = call(A, B, known, max(TIMES) * n, seed)[:2]
        facts = {"cpu": time.process_time() - start}
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        facts["MiB"] = peak / 1024
    pairs = keys(left, right, A, B, one_table)
    budgets = [t * n for t in TIMES]
    recall, whole, curve = {}, {}, {}
    for gold, matches in golds.items():
        found = np.cumsum(np.isin(pairs, keys(*matches, A, B, one_table)))
        found = np.concatenate([[0], found]) / len(matches.left)
        recall[gold] = [float(found[min(b, len(pairs))]) for b in budgets]
        curve[gold] = [float(found[min(int(t * n), len(pairs))]) for t in CURVE]
        whole[gold] = float(found[-1])
    out = {"recall": recall, "whole": whole, "budgets": budgets, "pairs": len(pairs)}
    print(json.dumps(out | {"curve": curve} | facts))


def ask_peer(
    python: str, method: str, A: Any, B: Any, told: Any = None, seed: int = 0
) -> tuple[Any, Any, Row]:
    """Pairs of a peer in its own interpreter, best first, and what they cost."""
    script = Path(__file__).with_name("blocking_peers.py")
    with tempfile.TemporaryDirectory() as folder:
        tables = [
            {c: T.select([c]).texts() for c in T.columns}
            for T in (A, B)
            if T is not None
        ]
        given = {
            "tables": tables,
            "texts": [T.texts() for T in (A, B) if T is not None],
            "matches": [] if told is None else np.transpose(told).tolist(),
            "seed": seed,
        }
        asked = Path(folder) / "records.json"
        asked.write_text(json.dumps(given), encoding="utf-8")
        done = subprocess.run(
            [python, str(script), method, str(asked)],
            capture_output=True, text=True, cwd=folder, check=False,
            env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
            | {"PYTHONHASHSEED": "0"},
        )  # fmt: skip
        if done.returncode:
            sys.exit(f"{method}: {said_by(done)}")
        pairs = np.load(asked.with_suffix(".npz"))
        facts: Row = json.loads(done.stdout.splitlines()[-1])
        return pairs["left"], pairs["right"], facts


def keys(left: Any, right: Any, A: Any, B: Any, one_table: bool) -> Any:
    """One number for each pair."""
    a, b = np.asarray(left, np.int64), np.asarray(right, np.int64)
    if one_table:
        a, b = np.minimum(a, b), np.maximum(a, b)
    return a * np.int64(len(A) if one_table else len(B)) + b


def take(matches: Any, rows: Any) -> Any:
    """Some of the matches."""
    return type(matches)(matches.left[rows], matches.right[rows])


def load(folder: Path) -> tuple[Any, Any, dict[str, Any]]:
    """Tables of a set, and its matches by gold: "full", and "matches" beside it."""
    from graphrep.blocking import as_records
    from graphrep.blocking._matches import as_matches

    def table(stem: str) -> Any:
        records = as_records(next(folder.glob(f"{stem}.csv*")))
        kept = [name for name in records.columns if name not in LEAKS]
        return as_records(records, columns=kept)

    one = not list(folder.glob("tableA.csv*"))
    A = table("table" if one else "tableA")
    B = None if one else table("tableB")
    other = A if B is None else B
    golds = {}
    for gold, stem in (("matches", "matches"), ("full", "matches_full")):
        for path in folder.glob(f"{stem}.csv*"):
            golds[gold] = as_matches(path, A, other, one_table=one)
    if "full" not in golds:
        golds = {"full": golds["matches"]}
    return A, B, golds


def load_toy() -> tuple[Any, Any]:
    """Two small tables, to compile on."""
    from graphrep.blocking import Records

    names = [
        f"{a} {b} {n}" for n in range(8) for a, b in (("red", "fox"), ("old", "owl"))
    ]
    return Records({"name": names}), Records({"name": [f"{x} new" for x in names]})


# -- methods: left rows, right rows, best first ----------------------------------------
def blocker(make: Callable[[int, int], Any]) -> Callable[..., tuple[Any, Any]]:
    """Run a blocker of graphrep."""

    def method(A: Any, B: Any, train: Any, budget: int, seed: int) -> tuple[Any, Any]:
        pairs = make(budget, seed).fit_candidate_pairs(A, B, train)
        return pairs.left_rows, pairs.right_rows

    return method


def fixed(side: str, copies: bool = True) -> Callable[..., tuple[Any, Any]]:
    """Take the k nearest of each record of one table, or all pairs by one score."""

    def method(A: Any, B: Any, train: Any, budget: int, seed: int) -> tuple[Any, Any]:
        from graphrep.blocking._relative import union_of, without_twins

        of_left, of_right = nearest(A, B)
        if not copies:
            own, other = A.text_groups(A if B is None else B)
            of_left = without_twins(of_left, own, other)
            of_right = without_twins(of_right, other, own)
        if side in ("A", "B"):
            lists = of_left if side == "A" else of_right
            rank = np.tile(np.arange(lists.rows.shape[1]), (len(lists.rows), 1))
            own = np.repeat(np.arange(len(rank)), rank.shape[1]).reshape(rank.shape)
            there = lists.rows >= 0
            order = np.lexsort((-lists.scores[there], rank[there]))
            pairs = own[there][order], lists.rows[there][order]
            if B is None:
                return unique_pairs(*pairs, True)
            return pairs if side == "A" else pairs[::-1]
        left, right, scores = union_of(of_left, of_right)
        if side == "csls":
            scores = 2 * scores - of_left.scores[:, :5].mean(1)[left]
            scores = scores - of_right.scores[:, :5].mean(1)[right]
        order = np.argsort(-scores, kind="stable")
        return unique_pairs(left[order], right[order], B is None)

    return method


def nearest(A: Any, B: Any, k: int = 50) -> tuple[Any, Any]:
    """Neighbours by TF-IDF of character 3-grams, both ways."""
    from graphrep.blocking._lexical_neighbours import lexical_neighbours

    other = A if B is None else B
    return lexical_neighbours(A, other, one_table=B is None, k=k, n_jobs=1)


def unique_pairs(left: Any, right: Any, one_table: bool) -> tuple[Any, Any]:
    """Pairs of one table once."""
    if not one_table:
        return left, right
    low, high = np.minimum(left, right), np.maximum(left, right)
    _, first = np.unique(low * np.int64(2**31) + high, return_index=True)
    first.sort()
    return low[first], high[first]


def tfidf(budget: int, seed: int, **options: Any) -> Any:
    """Character 3-grams, relative scores."""
    from graphrep.blocking import TfidfBlocker

    return TfidfBlocker(budget=budget, n_jobs=1, **options)


def nlsh(budget: int, seed: int, **options: Any) -> Any:
    """Give the default."""
    from graphrep.blocking import NLSHBlocker

    return NLSHBlocker(budget=budget, n_jobs=1, random_state=seed, **options)


def lexical(budget: int, seed: int) -> Any:
    """Give the default before it learns."""
    from graphrep.blocking import LexicalEncoder

    return nlsh(budget, seed, encoder=LexicalEncoder(epochs=0, n_jobs=1))


def minhash(budget: int, seed: int) -> Any:
    """MinHash of character 3-grams."""
    from graphrep.blocking import MinHashBlocker

    return MinHashBlocker(threshold=0.2, budget=budget, n_jobs=1, random_state=seed)


def tokens(budget: int, seed: int) -> Any:
    """Blocks of tokens, purged; weights of pairs."""
    from graphrep.blocking import MetaBlocker

    return MetaBlocker(budget=budget)


def dense(encoder: str, loss: str | None = None) -> Callable[..., tuple[Any, Any]]:
    """Vectors of words or of a transformer, relative scores; learnt with a loss."""

    def method(A: Any, B: Any, train: Any, budget: int, seed: int) -> tuple[Any, Any]:
        from graphrep.blocking._encoder import vector_neighbours
        from graphrep.blocking._relative import assignment_of, scored_pairs
        from graphrep.blocking._static_encoder import StaticEncoder
        from graphrep.blocking._transformer_encoder import TransformerEncoder

        made: Any = StaticEncoder() if encoder == "static" else TransformerEncoder()
        if loss is not None:
            learner = blocker(lambda b, s: nlsh(b, s, encoder=made, loss=loss))
            return learner(A, B, train, budget, seed)
        other = A if B is None else B
        made.fit(A, other, n_jobs=1)
        X = made.transform(A, n_jobs=1)
        Y = X if B is None else made.transform(B, n_jobs=1)
        one = B is None
        lists = vector_neighbours(X, Y, one_table=one, n_jobs=1)
        way = assignment_of("auto", A, other, one)
        found = scored_pairs(*lists, way, one_table=one)
        order = np.argsort(-found.scores, kind="stable")
        return found.left[order], found.right[order]

    return method


METHODS: dict[str, Callable[..., tuple[Any, Any]]] = {
    "fixed-A": fixed("A"),
    "fixed-B": fixed("B"),
    "raw": fixed("raw"),
    "csls": fixed("csls"),
    "tfidf": blocker(tfidf),
    "lexical": blocker(lexical),
    "nlsh": blocker(nlsh),
    "infonce": blocker(lambda b, s: nlsh(b, s, loss="infonce")),
    "nlsh-labels": blocker(nlsh),
    "nlsh-infonce": blocker(lambda b, s: nlsh(b, s, loss="infonce")),
    "minhash": blocker(minhash),
    "tokens": blocker(tokens),
}
OTHERS: dict[str, Callable[..., tuple[Any, Any]]] = {
    "fixed-A-no-copies": fixed("A", copies=False),
    "tfidf-no-copies": blocker(lambda b, s: tfidf(b, s, exclude_identical=True)),
    "nlsh-no-copies": blocker(lambda b, s: nlsh(b, s, exclude_identical=True)),
    "wordllama": dense("static"),
    "wordllama-labels": dense("static", "nlsh"),
    "wordllama-infonce": dense("static", "infonce"),
    "minilm": dense("transformer"),
    "minilm-labels": dense("transformer", "nlsh"),
    "minilm-infonce": dense("transformer", "infonce"),
}

if __name__ == "__main__":
    main()
