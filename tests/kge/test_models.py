"""Models of triples: the written equations, gradients, rules, and one contract."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from graphrep import KnowledgeGraph, kge
from graphrep.exceptions import GraphValueError, NodeNotFoundError
from graphrep.graph._triple_rows import both_directions
from graphrep.kge import NFE, RESCAL, ComplEx, DistMult, RotatE, TransE, rank_triples
from graphrep.kge._batches import Recipe
from graphrep.kge._queries import group_queries
from graphrep.kge._training import Trainer

MODELS = [
    NFE(5),
    NFE(5, n_pieces=2),
    NFE(4, n_pieces=3, base="uniform"),
    NFE(5, n_pieces=0),
    NFE(5, divergence="kl"),
    NFE(4, field="complex"),
    NFE(3, field="complex", n_pieces=3, base="uniform"),
    NFE(4, field="complex", n_pieces=0, relation_scale=False),
    TransE(5),
    DistMult(5),
    ComplEx(5),
    RotatE(5),
    RESCAL(4),
]


def _name(model):
    return repr(model)


def _triples(seed=0, n=12, n_relations=3, m=60):
    rng = np.random.default_rng(seed)
    rows = np.unique(rng.integers(0, [n, n_relations, n], (m, 3)), axis=0)
    return KnowledgeGraph(rows, [f"e{i}" for i in range(n)], ["r", "s", "t"])


def _fitted(model, **options):
    options = {"n_epochs": 2, "random_state": 0, "dtype": "float64", **options}
    return clone(model).set_params(**options).fit(_triples())


EQUATIONS = [
    (NFE(5), "nfe1"),
    (NFE(5, divergence="kl"), "nfe3"),
    (TransE(5), "transe"),
    (NFE(5, n_pieces=0, relation_scale=False), "transe"),
    (DistMult(5), "distmult"),
    (ComplEx(5), "complex_"),
    (RotatE(5), "rotate"),
    (RESCAL(4), "rescal"),
]


@pytest.mark.parametrize(("model", "equation"), EQUATIONS, ids=_name)
def test_scores_when_computed_then_the_written_equation(model, equation, reference):
    equation = getattr(reference, equation)
    model = _fitted(model, learning_rate=0.1)
    graph = model.known_
    found = model.score_triples(graph)
    tables = model.entity_parameters_, model.relation_parameters_
    for i, (h, r, t) in enumerate(graph.triples):
        value = equation(tables[0][h], tables[1][r], tables[0][t], model.gamma)
        assert found[i] == pytest.approx(value, abs=1e-9)


@pytest.mark.parametrize("base", ["normal", "uniform"])
@pytest.mark.parametrize("n_pieces", [1, 2, 3])
def test_scores_when_flows_have_pieces_then_quadrature_also_for_negative_scales(
    n_pieces, base, reference
):
    model = _fitted(NFE(3, n_pieces=n_pieces, base=base), learning_rate=0.1)
    scales = model.relation_parameters_[:, 3:]
    assert (scales < 0).any()
    assert (scales > 0).any()
    graph = model.known_.take(slice(0, 12))
    found = model.score_triples(graph)
    tables = model.entity_parameters_, model.relation_parameters_
    for i, (h, r, t) in enumerate(graph.triples):
        value = reference.wasserstein(
            tables[0][h], tables[1][r], tables[0][t], n_pieces, base, model.gamma
        )
        assert found[i] == pytest.approx(value, abs=1e-6)


@pytest.mark.parametrize("base", ["normal", "uniform"])
@pytest.mark.parametrize("n_pieces", [0, 1, 3])
def test_scores_when_flows_are_of_the_plane_then_quadrature(n_pieces, base, reference):
    model = _fitted(
        NFE(2, n_pieces=n_pieces, base=base, field="complex"), learning_rate=0.1
    )
    graph = model.known_.take(slice(0, 8))
    found = model.score_triples(graph)
    tables = model.entity_parameters_, model.relation_parameters_
    for i, (h, r, t) in enumerate(graph.triples):
        value = reference.wasserstein_of_the_plane(
            tables[0][h], tables[1][r], tables[0][t], n_pieces, base, model.gamma
        )
        assert found[i] == pytest.approx(value, abs=1e-6)


def test_scores_when_not_exact_then_pieces_are_not_swapped():
    exact, plain = (
        _fitted(NFE(3, n_pieces=2, exact=e), n_epochs=1) for e in (True, False)
    )
    plain.entity_parameters_ = exact.entity_parameters_
    plain.relation_parameters_ = exact.relation_parameters_
    first, second = (m.score_triples(exact.known_) for m in (exact, plain))
    assert not np.allclose(first, second)
    positive = np.abs(exact.relation_parameters_)
    exact.relation_parameters_ = plain.relation_parameters_ = positive
    first, second = (m.score_triples(exact.known_) for m in (exact, plain))
    np.testing.assert_allclose(first, second)


@pytest.mark.parametrize("loss", ["bce", "kvsall", "ce"])
@pytest.mark.parametrize("regularizer", [None, "n3", "l2", "dura"])
@pytest.mark.parametrize("model", MODELS, ids=_name)
def test_gradients_when_differenced_then_those_of_the_loss(model, loss, regularizer):
    if regularizer == "dura" and getattr(model, "divergence", "w2") == "kl":
        pytest.skip("refused")
    geometry = model._geometry()
    rng = np.random.default_rng(1)
    graph = _triples(3, n=9, m=25)
    tables = [
        rng.uniform(0.2, 0.9, shape) * rng.choice([-1, 1], shape)
        for shape in ((9, geometry.entity_width), (6, geometry.relation_width))
    ]
    queries = group_queries(both_directions(graph.triples, 3))
    recipe = Recipe(
        loss, len(queries), "queries", 0.1, 1.0, "adagrad", regularizer, 0.3, None, 1.0
    )
    trainer = Trainer(geometry, tables[0], tables[1], queries, recipe, 0)
    step_of_all = trainer._step(queries, 0.1, True, rng)

    def gradients():
        slopes = np.zeros_like(tables[0])
        value = trainer._gradients(step_of_all, tables[0], slopes)
        return value + _penalty(model, recipe, tables, queries), slopes

    _, slopes = gradients()
    found = slopes.copy(), trainer.relations.slopes.copy()
    step = 1e-6
    for table, slope in zip(tables, found, strict=True):
        for at in rng.choice(table.size, 12, replace=False):
            kept = table.flat[at]
            sides = []
            for sign in (1, -1):
                table.flat[at] = kept + sign * step
                sides.append(gradients()[0])
            table.flat[at] = kept
            wanted = (sides[0] - sides[1]) / (2 * step)
            assert slope.flat[at] == pytest.approx(wanted, abs=2e-6, rel=1e-5)


def _penalty(model, recipe, tables, queries):
    """What the regularizer adds to the loss, by its definition."""
    if recipe.regularizer is None:
        return 0.0
    counts = np.diff(queries.pointers)
    many = recipe.loss == "kvsall"
    scale = recipe.regularization / (len(queries) if many else counts.sum())
    geometry = model._geometry()
    width = geometry.point_width
    rows = geometry.query_rows(
        tables[0], tables[1], queries.heads, queries.relations, 0.0
    )
    keys = geometry.key_rows(tables[0])
    half = 0.5 if rows.shape[1] > width and geometry.divergence == 0 else 1.0
    total = 0.0
    for q in range(len(counts)):
        h, r = tables[0][queries.heads[q]], tables[1][queries.relations[q]]
        own = queries.tails[queries.pointers[q] : queries.pointers[q + 1]]
        for t in own:
            if recipe.regularizer == "dura":
                total += np.sum((half * rows[q, :width]) ** 2)
                total += np.sum(keys[t, :width] ** 2)
                continue
            for row in (h, tables[0][t], r):
                total += _power(row, recipe.regularizer, isinstance(model, ComplEx))
    return scale * total


def _power(row, regularizer, pairs):
    if regularizer == "l2":
        return np.sum(row**2)
    if pairs:
        re, im = row.reshape(2, -1)
        return np.sum(np.hypot(re, im) ** 3)
    return np.sum(np.abs(row) ** 3)


@pytest.mark.parametrize("model", MODELS, ids=_name)
def test_fit_when_threads_or_order_change_then_the_same_bits(model):
    graph = _triples()
    options = {"n_epochs": 3, "random_state": 1, "batch_size": 16}
    one = clone(model).set_params(n_jobs=1, **options).fit(graph)
    two = clone(model).set_params(n_jobs=2, **options).fit(graph)
    order = np.random.default_rng(0).permutation(len(graph))
    other = clone(model).set_params(**options).fit(graph.take(order))
    for found in (two, other):
        np.testing.assert_array_equal(found.embedding_, one.embedding_)
        np.testing.assert_array_equal(
            found.relation_parameters_, one.relation_parameters_
        )


@pytest.mark.parametrize("as_text", [True, False])
def test_grid_search_when_triples_are_an_array_then_it_chooses(as_text):
    from sklearn.model_selection import GridSearchCV, KFold

    rows = [(i, s, (i + d) % 20) for i in range(20) for s, d in enumerate((1, 3, 5))]
    X = np.array(rows, str if as_text else np.int64)
    search = GridSearchCV(
        NFE(6, n_epochs=8, random_state=0),
        {"gamma": [1.0, 6.0], "n_pieces": [0, 1]},
        cv=KFold(3, shuffle=True, random_state=0),
        error_score="raise",
    )
    search.fit(X)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_estimator_.n_entities_ == 20
    assert search.score(X) == search.best_estimator_.score(X)


def test_n_jobs_when_zero_then_refused():
    with pytest.raises(ValueError, match="n_jobs"):
        NFE(3, n_jobs=0).fit(_triples())


@pytest.mark.parametrize("model", MODELS, ids=_name)
def test_fit_when_cloned_pickled_and_asked_then_one_contract(model):
    graph = _triples()
    fitted = clone(model).set_params(n_epochs=2, random_state=0).fit(graph)
    assert clone(fitted).get_params() == fitted.get_params()
    back = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(back.embedding_, fitted.embedding_)
    assert fitted.entity_ids_.tolist() == graph.entities.ids.tolist()
    assert fitted.relation_ids_.tolist() == ["r", "s", "t"]
    assert fitted.embedding_.dtype == np.float32
    np.testing.assert_array_equal(fitted.transform(), fitted.embedding_)
    np.testing.assert_array_equal(
        fitted.transform(["e3", "e1"]), fitted.embedding_[[3, 1]]
    )
    with pytest.raises(NodeNotFoundError, match="ghost"):
        fitted.transform(["ghost"])
    with pytest.raises(NotFittedError):
        clone(model).key_matrix()
    assert 0 < fitted.score(graph) <= 1
    scores = fitted.query_matrix([0], [1]) @ fitted.key_matrix().T
    one = fitted.score_triples([("e0", "s", "e5")])
    assert scores[0, 5] == pytest.approx(one[0], rel=1e-5)


@pytest.mark.parametrize("model", [NFE(8), NFE(8, n_pieces=2)], ids=_name)
def test_embedding_then_euclidean_distance_is_the_wasserstein_distance(
    model, reference
):
    fitted = _fitted(model)
    points = fitted.embedding_
    ones = np.concatenate([np.zeros(8), np.ones(8)])  # the map that changes nothing
    table = fitted.entity_parameters_
    pieces = model.n_pieces
    value = reference.wasserstein(table[0], ones, table[1], pieces, "normal", 0.0)
    assert np.sum((points[0] - points[1]) ** 2) == pytest.approx(-value, abs=1e-8)


def _rule_graph(name, n=24):
    """Facts of a rule, and what follows from them for the entities held out."""
    rng = np.random.default_rng(4)
    if name == "symmetry":
        pairs = rng.permutation(n).reshape(-1, 2).tolist()
        train = [(a, "s", b) for a, b in pairs]
        train += [(b, "s", a) for a, b in pairs[: n // 3]]
        return train, [(b, "s", a) for a, b in pairs[n // 3 :]]
    if name == "inversion":
        pairs = rng.permutation(2 * n).reshape(-1, 2).tolist()
        train = [(a, "r", b) for a, b in pairs]
        train += [(b, "q", a) for a, b in pairs[: 2 * n // 3]]
        return train, [(b, "q", a) for a, b in pairs[2 * n // 3 :]]
    # the maps of a dihedral group: a turn and a reflection do not commute
    turn = {a: (a + 1) % n for a in range(n)}
    flip = {a: -a % n for a in range(n)}
    train = [(a, "turn", b) for a, b in turn.items()]
    train += [(a, "flip", b) for a, b in flip.items()]
    both = [(a, "turn then flip", flip[turn[a]]) for a in range(n)]
    other = [(a, "flip then turn", turn[flip[a]]) for a in range(n)]
    cut = 3 * n // 4
    return train + both[:cut] + other[:cut], both[cut:] + other[cut:]


@pytest.mark.parametrize("rule", ["symmetry", "inversion", "composition"])
def test_rules_when_learnt_then_what_follows_is_ranked_first(rule):
    train, test = _rule_graph(rule)
    model = NFE(
        32, loss="ce", n_epochs=400, batch_size=32, decay=0.99, learning_rate=0.02,
        regularizer="dura", regularization=0.05, random_state=0,
    ).fit(train)  # fmt: skip
    assert model.score(test) == pytest.approx(1.0)


def test_cycle_when_learnt_then_the_plane_turns_and_the_line_cannot():
    n = 40  # x -> x + d modulo n: a map of order n, which no map a x + b of the line is
    rows = [(i, s, (i + d) % n) for i in range(n) for s, d in enumerate((1, 4, 7))]
    graph = KnowledgeGraph(rows, range(n))
    held_out = np.arange(len(graph)) % 5 == 0
    found = {
        field: NFE(
            16,
            field=field,
            loss="ce",
            regularizer="dura",
            regularization=0.05,
            n_epochs=200,
            decay=1.0,
            random_state=0,
        )
        .fit(graph.take(~held_out))
        .score(graph.take(held_out))
        for field in ("real", "complex")
    }
    assert found["complex"] == 1
    assert found["real"] < 0.2


def test_validation_when_given_then_the_best_epoch_is_kept():
    graph = _triples(5, n=20, m=200)
    cut = np.arange(len(graph)) % 5 == 0
    train, valid = graph.take(~cut), graph.take(cut)
    model = NFE(
        32, n_epochs=40, validate_every=2, patience=3, decay=1.0, learning_rate=0.05,
        random_state=0,
    ).fit(train, validation=valid)  # fmt: skip
    seen = [h["valid_mrr"] for h in model.history_]
    looked = [v for v in seen if v is not None]
    assert seen.index(max(looked)) + 1 == model.best_epoch_
    assert model.n_iter_ == len(seen) == model.best_epoch_ + 6 < 40
    again = rank_triples(model, valid, train).metrics()["mrr"]
    assert again == pytest.approx(max(looked))
    assert [h["loss"] is None for h in model.history_[:2]] == [True, False]


def test_sample_weight_when_whole_then_as_repeated():
    graph = _triples(6)
    weight = np.where(np.arange(len(graph)) % 3 == 0, 2, 1)
    repeated = graph.take(np.repeat(np.arange(len(graph)), weight))
    options = {
        "batching": "queries",
        "batch_size": 500,
        "n_epochs": 3,
        "dtype": "float64",
    }
    one = NFE(4, random_state=0, **options).fit(graph, sample_weight=weight)
    two = NFE(4, random_state=0, **options).fit(repeated)
    np.testing.assert_allclose(one.embedding_, two.embedding_, rtol=1e-12)
    plain = NFE(4, random_state=0, **options).fit(graph)
    assert not np.allclose(one.embedding_, plain.embedding_)


def test_negatives_when_sampled_then_it_still_learns():
    train, _ = _rule_graph("symmetry")
    options = {"n_epochs": 120, "batch_size": 16, "decay": 0.99, "random_state": 0}
    model = NFE(16, n_negatives=6, learning_rate=0.05, **options).fit(train)
    assert model.score(train) > 0.99


def test_symmetry_when_relations_only_translate_then_it_cannot_be_learnt():
    train, _ = _rule_graph("symmetry")
    options = {"n_epochs": 200, "batch_size": 16, "learning_rate": 0.05}
    assert TransE(16, random_state=0, **options).fit(train).score(train) < 0.9


@pytest.mark.parametrize(
    ("fit", "match"),
    [
        (lambda: NFE().fit([]), "Found 0 triples"),
        (lambda: NFE(0).fit(_triples()), "n_components"),
        (lambda: NFE(loss="hinge").fit(_triples()), "loss"),
        (lambda: NFE(2, divergence="kl", n_pieces=2).fit(_triples()), "n_pieces=1"),
        (
            lambda: NFE(2, divergence="kl", regularizer="dura").fit(_triples()),
            "no squared length",
        ),
        (lambda: NFE(2, entity_mean=False, n_pieces=0).fit(_triples()), "keep one"),
        (
            lambda: NFE(2).fit(_triples(), validation=[("x", "r", "y")]),
            "'x' is not among the 12 entities",
        ),
        (
            lambda: NFE(2).fit(_triples(), sample_weight=[1.0]),
            "one weight for each",
        ),
        (
            lambda: TransE(4, learning_rate=1e30, n_epochs=3).fit(_triples()),
            "Training diverged",
        ),
    ],
)
def test_fit_when_malformed_then_one_sentence(fit, match):
    with pytest.raises((GraphValueError, ValueError), match=match):
        fit()


def test_import_when_room_is_opened_then_names_are_lazy():
    assert {"NFE", "rank_triples"} <= set(dir(kge))
    with pytest.raises(AttributeError, match="no attribute 'Nope'"):
        kge.Nope
