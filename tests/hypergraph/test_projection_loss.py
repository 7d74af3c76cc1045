"""projection_loss: the theorems, the published table, limits, text and JSON."""

from __future__ import annotations

import json
from itertools import combinations

import numpy as np
import pytest

from graphrep import Hypergraph
from graphrep.exceptions import GraphValueError
from graphrep.hypergraph import maximal_cliques, projection_loss


def random_hypergraph(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(3, 9))
    sizes = rng.integers(1, min(n, 5) + 1, int(rng.integers(1, 8)))
    rows = [rng.choice(n, k, replace=False).tolist() for k in sizes]
    return Hypergraph(rows, range(n))


def gilmore(sets):
    """Whether some hyperedge holds what two of any three hyperedges share."""
    return all(
        any((a & b) | (b & c) | (a & c) <= e for e in sets)
        for a in sets for b in sets for c in sets
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(120))
def test_loss_when_random_then_both_theorems_hold(seed):
    h = random_hypergraph(seed)
    loss = projection_loss(h, n_jobs=1)
    sets = {frozenset(e) for e in h}
    sperner = not any(a < b for a in sets for b in sets)
    assert loss.is_sperner == sperner
    assert loss.is_conformal == gilmore(sets)
    used = h.degree() > 0
    cliques = {
        frozenset(c)
        for c in maximal_cliques(h.project(False), n_jobs=1)
        if len(c) > 1 or used[c[0]]
    }
    assert loss.is_recoverable == (cliques == sets)
    assert loss.is_recoverable == (sperner and gilmore(sets))
    assert loss.n_found == len(cliques & sets)
    assert loss.n_swallowed == sum(
        not any(e < f for f in sets) and any(e < c for c in cliques) for e in sets
    )
    assert loss.jaccard == len(cliques & sets) / len(cliques | sets)


def test_loss_when_four_triples_of_four_nodes_then_false_clique_but_no_bare_triangle():
    loss = projection_loss(combinations("abcd", 3))
    assert (loss.n_bare_triangles, loss.n_false_cliques) == (0, 1)
    assert loss.is_conformal is False


def test_loss_when_repeats_empty_and_unused_then_counted_once_or_not_at_all():
    h = Hypergraph([("a", "b"), ("b", "a"), (), ("a", "b", "c")], nodes=list("abcde"))
    loss = projection_loss(h)
    assert (loss.n_nodes, loss.n_hyperedges, loss.n_repeats) == (3, 2, 1)
    assert loss.nested == [(("a", "b"), ("a", "b", "c"))]
    assert loss.n_cliques == 1  # not the two nodes in no hyperedge
    assert projection_loss(h, min_size=3).is_recoverable


def test_loss_when_nothing_is_lost_then_the_verdict_says_so():
    loss = projection_loss([("a", "b", "c"), ("c", "d"), ("e",)])
    assert loss.is_recoverable
    assert loss.jaccard == 1.0
    assert "Nothing is lost" in str(loss)


@pytest.mark.parametrize("given", [[], [()]])
def test_loss_when_no_hyperedges_then_nothing_to_lose(given):
    loss = projection_loss(given)
    assert (loss.n_hyperedges, loss.n_cliques, loss.jaccard) == (0, 0, 1.0)
    assert "There are no hyperedges" in str(loss)
    assert loss.storage_ratio is None


def test_loss_when_too_many_cliques_or_triangles_then_said_and_not_computed():
    pairs = [(u, v) for u in range(20) for v in range(u) if u // 2 != v // 2]
    loss = projection_loss(pairs, max_cliques=100, max_triangles=10, n_jobs=1)
    assert loss.n_cliques is None
    assert loss.n_triangles is None
    assert loss.is_conformal is None
    assert loss.is_recoverable is None
    assert "more than 100" in str(loss)
    assert "more than 10 to look at" in str(loss)
    assert len(loss.not_computed) == 2
    assert "not computed" in loss.table
    bare = projection_loss(pairs, max_cliques=100, n_jobs=1)
    assert bare.is_conformal is False  # triangles alone show it
    json.loads(bare.to_json())


def test_loss_when_time_is_up_then_said():
    pairs = [(u, v) for u in range(70) for v in range(u) if u // 2 != v // 2]
    loss = projection_loss(pairs, max_cliques=None, max_seconds=0.2)
    assert "not listed within 0.2 seconds" in str(loss)


def test_loss_when_parameters_are_bad_then_error():
    with pytest.raises(GraphValueError, match="min_size must be at least 1"):
        projection_loss([], min_size=0)


def test_result_when_written_then_json_frame_and_text_agree():
    loss = projection_loss([("a", "b", "c"), ("a", "b"), ("c", "d"), ("d", "a")])
    record = json.loads(loss.to_json(indent=1))
    assert record["format"] == "graphrep-projection-loss"
    assert record["nested"] == [[["a", "b"], ["a", "b", "c"]]]
    assert record["false_cliques"] == [["a", "c", "d"]]
    assert record["sizes"] == {"2": 3, "3": 1}
    frame = loss.to_frame()
    row = frame.set_index("key").loc["n_nested"]
    assert (row["count"], row["of"], row["share"]) == (1, 4, 0.25)
    assert "hyperedges inside another" in loss.table
    assert max(map(len, str(loss).splitlines())) <= 100
    assert "{a, b} in {a, b, c}" in str(loss)
    assert loss._repr_html_().startswith("<pre>4 hyperedges")


TABLE = {
    # nodes, hyperedges, edges, sizes 1/2/3/4+, nested %, cliques, false %, found %,
    # largest, edges of one hyperedge %, storage
    "enron": (142, 756, 1388, (29, 405, 154, 168), 60.3, 362, 87.6, 6.0, 18, 48, 1.22),
    "pschool": (242, 6352, 5710, (0, 3869, 2296, 187), 27.8, 15017, 99.9, 0.3, 16, 57,
                0.74),
    "hschool": (327, 3909, 3806, (0, 2761, 1043, 105), 26.7, 3279, 94.9, 4.3, 11, 65,
                0.84),
    "hosts": (466, 218, 9205, (59, 45, 25, 89), 42.2, 361, 70.6, 48.6, 63, 84, 15.2),
    "foursquare": (2334, 1019, 38292, (164, 130, 137, 588), 14.2, 8135, 90.1, 78.8, 88,
                   98, 11.7),
    "directors": (522, 102, 1444, (0, 3, 18, 81), 0.0, 102, 0.0, 100.0, 14, 99, 5.3),
    "crimes": (510, 256, 1362, (50, 95, 52, 59), 19.9, 207, 1.4, 79.7, 18, 98, 3.6),
}  # fmt: skip


@pytest.mark.shared
@pytest.mark.parametrize("name", TABLE)
def test_loss_when_real_data_then_the_known_table(shared_data, name):
    lines = (shared_data / "hypergraphs" / name / "test.txt").read_text().split("\n")
    loss = projection_loss([map(int, line.split()) for line in lines if line])
    sizes = [loss.sizes.get(k, 0) for k in (1, 2, 3)]
    found = (
        loss.n_nodes, loss.n_hyperedges, loss.n_edges,
        (*sizes, loss.n_hyperedges - sum(sizes)),
        round(100 * loss.n_nested / loss.n_hyperedges, 1), loss.n_cliques,
        round(100 * loss.n_false_cliques / loss.n_cliques, 1),
        round(100 * loss.n_found / loss.n_hyperedges, 1), loss.largest_clique,
        round(100 * loss.n_single_edges / loss.n_edges),
        round(loss.storage_ratio, 2 if loss.storage_ratio < 2 else 1),
    )  # fmt: skip
    assert found == TABLE[name]
