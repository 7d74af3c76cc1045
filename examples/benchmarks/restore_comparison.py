"""The comparison that RESTORE makes, on a graph of common knowledge that is open.

Embedders of three families (factorisation, random walks, deep) are asked for the
neighbours at 1, 2 and 3 hops of every node, by their own score and by cosine, and for
the meaning of words; then fitted again around the words of a test, as the abstract's
figures "per hop" suggest. Writes a table, the JSON and the report.

    python restore_comparison.py --edges cskg_mini/core5k_edges.tsv.gz \
        --semantic semantic/similarity --out out

``--edges`` is a file of head, relation, tail with a header (CSKG-mini: the union of
ConceptNet-100K and WordNet by word). ``--fast`` leaves out SDNE.
"""

from __future__ import annotations

import argparse
import gzip
import time
from pathlib import Path
from typing import Any

import numpy as np

import graphrep as gr
from graphrep.evaluation import EgoReconstruction, SemanticEvaluator, assess
from graphrep.evaluation._assessment_text import table

TRUTHS = ("hop1", "ball2", "shell2", "shell2_filtered", "ball3", "shell3")


def read_graph(path: Path) -> gr.Graph:
    """Undirected simple graph of the largest component; relations are dropped."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file][1:]
    heads, tails = (np.array([row[i] for row in rows], object) for i in (0, 2))
    graph = gr.Graph.from_edges(heads, tails, duplicates="first")
    return graph.remove_self_loops().unweighted().largest_component()


def embedders(d: int, seed: int, fast: bool) -> dict[str, Any]:
    """All embedders, each of ``d`` numbers a node."""
    out = {
        "HOPE Katz": gr.HOPE(d, random_state=seed),
        "HOPE common neighbours": gr.HOPE(
            d, proximity="common_neighbors", random_state=seed
        ),
        "HOPE Adamic-Adar": gr.HOPE(
            d, proximity="adamic_adar", weight="log", random_state=seed
        ),
        "HOPE rooted PageRank": gr.HOPE(
            d, proximity="rooted_pagerank", random_state=seed
        ),
        "Laplacian eigenmaps": gr.LaplacianEigenmaps(d),
        "LLE": gr.LLE(d),
        "Graph factorization": gr.GraphFactorization(d, random_state=seed),
        "NetMF": gr.NetMF(d, random_state=seed),
        "GraRep": gr.GraRep(d),
        "ProNE": gr.ProNE(d, random_state=seed),
        "FastRP": gr.FastRP(d, random_state=seed),
        "DeepWalk": gr.DeepWalk(d, random_state=seed),  # node2vec with p = q = 1
        "node2vec p=4 q=1/4": gr.Node2Vec(d, p=4.0, q=0.25, random_state=seed),
    }
    if not fast:
        # weights within the ranges of GEM's examples
        out["SDNE"] = gr.SDNE(d, alpha=0.01, beta=20.0, random_state=seed)
    return out


def with_half(result: Any, truth: str, metric: str, score: str) -> str:
    """Mean and half its interval, the nodes taken for a sample of such nodes."""
    if score not in result.scores:
        return "–"
    found = result.mean(truth, metric, score, interval="population")
    return f"{found.value:.3f} ±{(found.high - found.low) / 2:.3f}"


def reconstruction_tables(found: Any) -> str:
    """Mean AP by embedding, truth and score, with intervals; then adjusted."""
    out = []
    for score in ("native", "cosine"):
        for metric, title in (("ap", "mAP"), ("ap_adjusted", "adjusted mAP")):
            rows = []
            for name, result in found.results.items():
                row = {"method": name}
                for truth in TRUTHS:
                    row[truth] = with_half(result, truth, metric, score)
                rows.append(row)
            out.append(table(rows, title=f"{title}, {score}", markdown=True))
    return "\n\n".join(out)


def ego_table(graph: gr.Graph, models: dict[str, Any], tests: Any, seed: int) -> str:
    """Protocol B: refitted on the union of the balls around the words of a test."""
    words = {word for test in tests for word in _words(test)}
    seeds = [node for node in graph.nodes if node in words]
    semantic = SemanticEvaluator(tests=tests, random_state=seed)
    rows = []
    for name, model in models.items():
        run = EgoReconstruction(seeds=seeds, semantic=semantic, random_state=seed)
        found = run.evaluate(graph, model)
        for hop in (1, 2, 3):
            every = found.semantic_rows().get("distance", [])
            distances = [r for r in every if r.get("hop") == hop]
            raw = [r["raw"] for r in distances if r.get("raw") is not None]
            ratio = [r["unit_ratio"] for r in distances if r.get("unit_ratio")]
            some = next((r for r in found.rows() if r.get("hop") == hop), {})
            rows.append({
                "method": name, "hop": hop, "nodes": some.get("n_nodes"),
                "mAP native": found.mean(hop, score="native").value,
                "mAP cosine": found.mean(hop, score="cosine").value,
                "raw distance": raw[0] if raw else None,
                "unit ratio": ratio[0] if ratio else None,
            })  # fmt: skip
    return table(rows, title="Refitted around the words (protocol B)", markdown=True)


def _words(path: Any) -> set[str]:
    lines = Path(path).read_text(encoding="utf-8").splitlines()[1:]
    return {word.lower() for line in lines for word in line.split("\t")[:2]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--edges", type=Path, required=True)
    parser.add_argument("--semantic", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("restore_comparison"))
    parser.add_argument("--dim", type=int, default=128)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seeds-of", default="rg65.tsv", help="test of protocol B")
    parser.add_argument("--fast", action="store_true")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    graph = read_graph(args.edges)
    models = embedders(args.dim, args.seed, args.fast)
    start = time.process_time()
    tests = sorted(args.semantic.glob("*.tsv"))
    found = assess(
        graph, models, scores=("native", "cosine", "euclidean"),
        parts=("reconstruction", "edge_curve", "geometry", "semantic", "map",
               "distance_fidelity", "inversion"),
        semantic=SemanticEvaluator(tests=tests, random_state=args.seed),
        n_components=args.dim, random_state=args.seed, progress=True,
        graph_name=args.edges.name, title="Embeddings of common knowledge (CSKG-mini)",
    )  # fmt: skip
    cpu = time.process_time() - start
    found.to_json(args.out / "comparison.json")
    found.to_html(args.out / "comparison.html")
    text = f"{found.to_markdown()}\n\n{reconstruction_tables(found)}\n"
    (args.out / "comparison.md").write_text(text, encoding="utf-8")
    print(f"{graph!r}; {cpu:.0f} CPU seconds in all\n\n{text}", flush=True)
    few = ("HOPE Katz", "Laplacian eigenmaps", "NetMF", "DeepWalk", "SDNE")
    seeds = [args.semantic / args.seeds_of]
    ego = ego_table(graph, {k: models[k] for k in few if k in models}, seeds, args.seed)
    (args.out / "ego.md").write_text(ego + "\n", encoding="utf-8")
    print(ego)


if __name__ == "__main__":
    main()
