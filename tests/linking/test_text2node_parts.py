"""Parts of Text2Node and FastTextVectors against formulas written out."""

from __future__ import annotations

import numpy as np
import pytest

from graphrep.kernels import _fasttext as kernels
from graphrep.linking._mapper_losses import (
    contrastive_loss,
    cosine_loss,
    mse_loss,
    unit,
)
from graphrep.linking._mapper_training import make_pairs
from graphrep.linking._node_targets import NodeTargets, centred, name_vectors
from graphrep.linking._phrase_encoder import PhraseEncoder
from graphrep.linking._structure_gate import Held, StructureGate
from graphrep.linking._word_vectors import JoinedWords, TableWords

RNG = np.random.default_rng(0)


def slope_of(function, X, places):
    """Central differences of a function of an array at some places."""
    out = []
    for place in places:
        moved = []
        for step in (1e-2, -1e-2):
            other = X.copy()
            other[place] += step
            moved.append(function(other))
        out.append((moved[0] - moved[1]) / 2e-2)
    return np.array(out)


@pytest.mark.parametrize("name", ["cosine", "mse", "contrastive"])
def test_losses_when_differentiated_then_by_the_formula(name):
    F = RNG.normal(size=(5, 4)).astype(np.float32)
    Y = unit(RNG.normal(size=(7, 4)))
    weights = np.array([1, 0.5, 2, 1, 1], np.float32)
    right = [[0], [1, 2], [3], [0], [6]]
    rows = np.repeat(np.arange(5), [len(r) for r in right])
    columns = np.concatenate(right)

    def measure(X):
        if name == "contrastive":
            return contrastive_loss(X, Y, rows, columns, weights, 0.5)
        return {"cosine": cosine_loss, "mse": mse_loss}[name](X, Y[:5], weights)

    places = [(i, j) for i in range(5) for j in range(4)]
    expected = slope_of(lambda X: measure(X).loss, F, places)
    np.testing.assert_allclose(measure(F).outputs.reshape(-1), expected, atol=2e-3)


def test_contrastive_loss_when_written_out_then_the_same():
    F = RNG.normal(size=(3, 4)).astype(np.float32)
    Y = unit(RNG.normal(size=(6, 4)))
    rows, columns = np.array([0, 1, 1, 2]), np.array([2, 0, 5, 1])
    ones = np.ones(3, np.float32)
    scores = np.exp(unit(F).astype(float) @ Y.T.astype(float) / 0.2)
    right = [scores[0, 2], scores[1, 0] + scores[1, 5], scores[2, 1]]
    expected = np.mean(np.log(scores.sum(axis=1)) - np.log(right))
    found = contrastive_loss(F, Y, rows, columns, ones, 0.2).loss
    assert found == pytest.approx(expected, rel=1e-5)


def gated(n=40, width=4):
    text = unit(RNG.normal(size=(n, width)))
    structure = unit(RNG.normal(size=(n, width)))
    structure[3] = 0
    degrees = RNG.integers(1, 9, n)
    counts = RNG.integers(0, 5, n)
    targets = NodeTargets("gated", text, structure, 0.5, degrees)
    return targets, StructureGate(targets, counts), counts


def test_gate_when_ranks_are_counted_then_those_of_all_cosines():
    targets, gate, _ = gated()
    F = RNG.normal(size=(10, 8)).astype(np.float32)
    right = [RNG.choice(40, 1 + i % 2, replace=False) for i in range(10)]
    held = Held(F, right, np.arange(1.0, 11))
    some = gate._candidates(held, np.random.default_rng(0))
    gate.weights = np.array([0.3, -0.2, 0.4, 0.1])
    targets.lengths = gate.lengths()
    scores = F @ targets.vectors().T
    best = [scores[i, r].max() for i, r in enumerate(right)]
    ranks = [1 + (scores[i] > best[i]).sum() for i in range(10)]
    expected = np.average(1 / np.array(ranks), weights=held.weights)
    assert gate.mrr(some, held.weights) == pytest.approx(expected)


@pytest.mark.parametrize("helps", [True, False])
def test_gate_when_structure_is_right_or_wrong_for_unseen_then_opens_or_shuts(helps):
    targets, gate, counts = gated(n=400)
    unseen = np.flatnonzero(counts == 0)
    assert not targets.lengths[unseen].any()
    right = RNG.permutation(400)[:300]
    noise = 0.7 * RNG.normal(size=(2, 300, 4)).astype(np.float32)
    half = targets.structure[right] + 0.3 * noise[1]
    if not helps:
        lost = np.isin(right, unseen)
        half[lost] = targets.structure[RNG.permutation(400)[: lost.sum()]]
    F = np.hstack([targets.text[right] + noise[0], half]).astype(np.float32)
    held = Held(F, [np.array([r]) for r in right], np.ones(300))
    gate.learn(held, np.random.default_rng(0))
    seen = targets.lengths[counts > 0].mean()
    assert seen > 0.5
    if helps:
        assert targets.lengths[unseen].mean() > 0.5
    else:
        assert targets.lengths[unseen].mean() < 0.6 * seen


def test_targets_when_taken_then_unit_rows_of_both_halves():
    targets, _, _ = gated()
    some = np.array([5, 3, 9])
    g = targets.lengths[some][:, None]
    expected = np.hstack([targets.text[some], g * targets.structure[some]])
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(targets.take(some), expected, atol=1e-6)
    np.testing.assert_array_equal(targets.take(some), targets.vectors()[some])


def test_name_vectors_when_averaged_then_the_naive_mean():
    means = RNG.normal(size=(7, 3)).astype(np.float32)
    means[4] = 0
    concepts = np.array([2, 0, 2, 0, 3, 2, 0])
    base = centred(means)
    found = name_vectors(means, concepts, 5)
    for c in range(5):
        mine = base[concepts == c]
        total = mine.sum(axis=0) if len(mine) else np.zeros(3)
        length = np.linalg.norm(total)
        expected = total / length if length > 0 else total
        np.testing.assert_allclose(found[c], expected, atol=1e-6)
    assert not found[[1, 3, 4]].any()


def test_pairs_when_phrases_repeat_then_merged():
    lines = [["b"], ["a"], [], ["a"], ["a"], ["b"]]
    nodes = np.array([1, 2, 3, 0, 2, 1])
    weights = np.array([1, 0.5, 1, 1, 0.9, 0.2], np.float32)
    pairs = make_pairs(lines, nodes, weights)
    assert pairs.lines == [("b",), ("a",)]
    assert pairs.phrases.tolist() == [0, 1, 1]
    assert pairs.nodes.tolist() == [1, 0, 2]
    np.testing.assert_allclose(pairs.weights, [1, 1, 0.9])
    assert pairs.starts.tolist() == [0, 1, 3]


@pytest.mark.parametrize("pooling", ["mean", "idf", "sif"])
def test_means_when_pooled_then_the_weighted_mean(pooling):
    words = ["a", "b", "c", "d"]
    table = RNG.normal(size=(4, 3)).astype(np.float32)
    encoder = PhraseEncoder(JoinedWords([TableWords(words, table)]), pooling, 3)
    lines = [["a", "b"], ["b", "b", "c"], ["z"], ["b", "z"], ["a", "b", "c", "d"]]
    phrases = encoder.fit(lines)
    assert phrases.sizes.tolist() == [2, 3, 0, 1, 3]  # d is beyond max_length
    vectors = dict(zip(words, encoder.words.look_up(words)[0], strict=True))
    share = {
        "mean": dict.fromkeys(words, 1.0),
        "idf": {
            w: np.log(6 / (n + 1)) + 1
            for w, n in zip("abcd", (2, 4, 2, 1), strict=True)
        },
        "sif": {
            w: 1e-3 / (1e-3 + n / 12) for w, n in zip("abcd", (2, 5, 2, 1), strict=True)
        },
    }[pooling]
    found = phrases.means()
    for row, line in enumerate(lines):
        known = [w for w in line[:3] if w in vectors]
        total = sum(share[w] * vectors[w] for w in known)
        expected = total / sum(share[w] for w in known) if known else np.zeros(3)
        np.testing.assert_allclose(found[row], expected, atol=1e-5)
    if pooling == "sif":
        flat = encoder.means(phrases) @ encoder.direction
        np.testing.assert_allclose(flat, 0, atol=1e-5)


def test_fasttext_when_one_sentence_is_trained_then_the_step_is_the_formula():
    n_words, n_grams, width, rate = 5, 6, 8, 0.5
    corpus = kernels.Corpus(np.array([0, 3, 1, 0], np.int32), np.array([0, 4]))
    indptr = np.array([0, 3, 5, 6, 8, 9])
    rows = np.array([0, 5, 6, 1, 7, 2, 3, 5, 4])
    noise = kernels.Noise(
        np.ones(n_words, np.float32), np.arange(n_words, dtype=np.int32),
        np.full(n_words, 2, np.float32),
    )  # fmt: skip
    rule = kernels.Rule(np.uint64(7), 1, 3, rate, rate, 1)
    u = RNG.normal(size=(n_words + n_grams, width)).astype(np.float32)
    v = RNG.normal(size=(n_words, width)).astype(np.float32)
    new_u, new_v = u.copy(), v.copy()
    buffers = kernels.make_buffers(1, 4, 1, 3, width)
    visits = np.zeros(len(u), np.int32), np.zeros(len(v), np.int32)
    kernels.train(
        corpus, kernels.Subwords(indptr, rows), rule, noise, buffers, new_u, new_v,
        np.array([0]), 0, 0, *visits, 2,
    )  # fmt: skip
    of_u, of_v = np.zeros_like(u), np.zeros_like(v)
    seen_u, seen_v = np.zeros(len(u)), np.zeros(len(v))
    for i, word in enumerate(corpus.tokens):
        mine = rows[indptr[word] : indptr[word + 1]]
        hidden = u[mine].mean(axis=0)
        used = buffers.used[0, i]
        targets = buffers.targets[0, i, :used]
        near = [j for j in (i - 1, i + 1) if 0 <= j < 4]
        n = len(near)
        assert targets[:n].tolist() == corpus.tokens[near].tolist()
        assert not set(targets[n:]) & set(targets[:n])
        labels = np.arange(used) < n
        weights = np.where(labels, 1, n / 2)
        steps = rate * weights * (labels - 1 / (1 + np.exp(-(v[targets] @ hidden))))
        np.testing.assert_allclose(buffers.steps[0, i, :used], steps, atol=1e-5)
        for row in mine:
            of_u[row] += steps @ v[targets]
            seen_u[row] += 1
        for target, step in zip(targets, steps, strict=True):
            of_v[target] += step * hidden
            seen_v[target] += 1
    share_u = np.minimum(1, kernels.ENOUGH / np.maximum(seen_u, 1))[:, None]
    share_v = np.minimum(1, kernels.ENOUGH / np.maximum(seen_v, 1))[:, None]
    np.testing.assert_allclose(new_u, u + share_u * of_u, atol=1e-4)
    np.testing.assert_allclose(new_v, v + share_v * of_v, atol=1e-4)
    assert not visits[0].any()
    assert not visits[1].any()
