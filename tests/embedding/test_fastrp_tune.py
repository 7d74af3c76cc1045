"""The search of weights and beta: it must find what is planted, and repeat itself."""

from __future__ import annotations

import numpy as np
import pytest

from graphrep import FastRP, Graph
from graphrep.datasets import load_karate, make_sbm
from graphrep.embedding import tune_fastrp
from graphrep.exceptions import GraphValueError
from graphrep.metrics import pair_scores, ranking_auc
from graphrep.model_selection import split_edges


@pytest.fixture(scope="module")
def blocks() -> tuple[Graph, np.ndarray]:
    bunch = make_sbm(180, 1500, n_communities=3, mixing=0.25, random_state=0)
    return bunch.graph, np.asarray(bunch.y)


def test_tune_when_no_labels_then_scores_are_those_of_a_plain_fit(blocks):
    graph, _ = blocks
    result = tune_fastrp(
        FastRP(32, random_state=3), graph, betas=[-0.5], weights=[(0.0, 1.0, 2.0)],
        output_norms=["zscore"], n_components=32,
    )  # fmt: skip
    split = split_edges(graph, 0.1, random_state=3)
    plain = FastRP(32, weights=(0.0, 1.0, 2.0), beta=-0.5, random_state=3)
    vectors = plain.fit_transform(split.train)
    auc = ranking_auc(
        pair_scores(vectors, split.positive[:, 0], split.positive[:, 1]),
        pair_scores(vectors, split.negative[:, 0], split.negative[:, 1]),
    )
    assert result.scoring == "links"
    assert result.best_score == pytest.approx(auc, abs=1e-4)


def test_tune_when_labels_are_given_then_finds_powers_that_tell_blocks_apart(blocks):
    graph, y = blocks
    model = FastRP(16, random_state=0).tune(
        graph, y, weights=[(1.0,), (0.0, 1.0, 1.0)], betas=[0.0]
    )
    assert model.tuning_.scoring == "labels"
    assert model.weights == (0.0, 1.0, 1.0)
    assert model.tuning_.best_score > 0.9


def test_tune_when_done_then_parameters_are_set_and_rows_are_sorted(blocks):
    graph, _ = blocks
    model = FastRP(16, random_state=0).tune(graph)
    scores = [row["score"] for row in model.tuning_.table]
    assert scores == sorted(scores, reverse=True)
    assert len(scores) == 4 * 12 * 2
    best = model.tuning_.table[0]
    assert (model.weights, model.beta) == (best["weights"], best["beta"])
    assert model.output_norm == best["output_norm"]
    assert not hasattr(model, "embedding_")
    # 5 in 6 edges lie inside a block, 1 in 3 other pairs: blocks alone give 0.75
    assert model.tuning_.best_score > 0.7


def test_tune_when_repeated_with_a_seed_then_gives_the_same_table(blocks):
    graph, _ = blocks
    tables = [tune_fastrp(FastRP(8, random_state=1), graph).table for _ in range(2)]
    assert tables[0] == tables[1]


def test_tune_when_grid_is_empty_then_says_so():
    with pytest.raises(GraphValueError, match="at least one beta"):
        tune_fastrp(FastRP(8), load_karate().graph, betas=[])


def test_tune_when_graph_is_a_tree_then_says_that_no_edge_can_be_held_out():
    path = Graph.from_edges([0, 1, 2], [1, 2, 3])
    with pytest.raises(GraphValueError, match="can be held out"):
        FastRP(8).tune(path)


def test_to_frame_when_asked_then_has_a_row_for_each_combination(blocks):
    pytest.importorskip("pandas")
    graph, _ = blocks
    frame = tune_fastrp(FastRP(8, random_state=0), graph, betas=[0.0]).to_frame()
    assert list(frame.columns) == ["beta", "weights", "output_norm", "score"]
    assert len(frame) == 24
