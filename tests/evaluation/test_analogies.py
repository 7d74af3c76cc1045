"""Analogies: reading, ranks against a plain oracle, LRCos."""

from itertools import permutations

import numpy as np
import pytest

from graphrep.evaluation._analogies import prepare, read_analogies
from graphrep.evaluation._analogy_ranks import Places
from graphrep.evaluation._analogy_scores import METHODS, AnalogyScorer
from graphrep.evaluation._vocabulary import Vocabulary
from graphrep.exceptions import GraphFormatError, GraphValueError

_OFFSETS = ("3CosAdd", "3CosMul")


def rows_of(test, vocabulary, x, methods=METHODS, sections="all", seed=0, n_jobs=1):
    scorer = AnalogyScorer(vocabulary, x, methods, 1000, seed, n_jobs)
    return {(r["section"], r["method"]): r for r in scorer.rows(test, sections)}


def oracle(x, a, b, c, answers, out, method):
    """Places of the best answer by the definition, row numbers in."""
    unit = x / np.linalg.norm(x, axis=1)[:, None]
    cosine = {w: unit @ unit[w] for w in (a, b, c)}
    if method == "3CosAdd":
        scores = cosine[b] - cosine[a] + cosine[c]
    else:
        moved = {w: (1 + values) / 2 for w, values in cosine.items()}
        scores = moved[b] * moved[c] / (moved[a] + 0.001)
    kept = np.setdiff1d(np.arange(len(x)), out)
    best = max(scores[d] for d in answers)
    return int((scores[kept] > best + 1e-9).sum()) + 1


# -- reading -------------------------------------------------------------------------
def test_read_when_google_has_a_header_then_sections_are_found(tmp_path):
    path = tmp_path / "g.tsv"
    path.write_text(
        "section\ta\tb\tc\td\ncapitals\tAthens\tGreece\tOslo\tNorway\n"
        "gram1-x\ta\tb\tc\td\n"
    )
    test = read_analogies(path)
    assert test.name == "g"
    assert [s.name for s in test.sections] == ["capitals", "gram1-x"]
    assert test.sections[0].questions == (("Athens", "Greece", "Oslo", ("Norway",)),)
    assert [s.name for s in test.chosen("semantic")] == ["capitals"]
    assert [s.name for s in test.chosen(["gram1-x"])] == ["gram1-x"]
    assert [s.name for s in test.chosen("gram1-x")] == ["gram1-x"]


def test_read_when_google_is_as_published_then_it_is_the_same(tmp_path):
    path = tmp_path / "questions-words.txt"
    path.write_text(": capitals\nAthens Greece Oslo Norway\n: family\na b c d\n")
    test = read_analogies(path)
    assert [(s.name, s.n_questions) for s in test.sections] == [
        ("capitals", 1), ("family", 1),
    ]  # fmt: skip


def test_read_when_bats_then_pairs_with_all_answers(tmp_path):
    path = tmp_path / "bats.tsv"
    path.write_text(
        "category\trelation\tword\tanswers\n"
        "lexicographic\tL1\tcat\tfeline/animal\nlexicographic\tL1\toak\ttree\n"
        "inflectional\tI1\tcat\tcats\n"
    )
    test = read_analogies(path, "bats")
    assert test.sections[0].pairs == (("cat", ("feline", "animal")), ("oak", ("tree",)))
    assert [s.n_questions for s in test.sections] == [2, 0]
    assert [s.name for s in test.chosen("semantic")] == ["L1"]


def test_read_when_given_columns_then_as_from_a_file():
    columns = (["s"], ["a"], ["b"], ["c"], ["d"])
    test = read_analogies(columns)
    again = read_analogies(dict(zip(["section", *"abcd"], columns, strict=True)))
    assert test.sections == again.sections
    assert read_analogies(test) is test
    pairs = read_analogies((["lex"], ["L1"], ["cat"], [["x", "y"]]))
    assert pairs.sections[0].pairs == (("cat", ("x", "y")),)


def test_read_when_columns_are_wrong_then_it_says_what_is_wanted(tmp_path):
    with pytest.raises(GraphValueError, match="five columns"):
        read_analogies((["a"], ["b"]))
    with pytest.raises(GraphValueError, match="lack the column 'd'"):
        read_analogies({key: [] for key in ["section", "a", "b", "c"]})
    with pytest.raises(GraphValueError, match="different lengths"):
        read_analogies((["s"], ["a"], ["b"], ["c"], ["d", "e"]))
    path = tmp_path / "g.tsv"
    path.write_text("section\ta\tb\tc\td\ns\ta\tb\n")
    with pytest.raises(GraphFormatError, match=r"g\.tsv:2"):
        read_analogies(path)


# -- ranks ---------------------------------------------------------------------------
@pytest.mark.parametrize("n", [50, 5000])
def test_ranks_when_vectors_are_random_then_as_by_definition(n):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, 6))
    words = [f"w{i}" for i in range(n)]
    asked = np.array([rng.choice(n, 4, replace=False) for _ in range(30)])
    columns = [
        [f"s{i % 2}" for i in range(30)],
        *([words[i] for i in c] for c in asked.T),
    ]
    found = rows_of(read_analogies(columns), Vocabulary(words), x)
    for method in _OFFSETS:
        ranks = [oracle(x, a, b, c, [d], [a, b, c], method) for a, b, c, d in asked]
        for section in ("s0", "s1", "all"):
            part = np.array(ranks)[
                slice(None) if section == "all" else slice(int(section[1]), None, 2)
            ]
            row = found[section, method]
            assert row["n_questions"] == row["n_covered"] == len(part)
            assert row["hits@1"] == pytest.approx((part == 1).mean())
            assert row["hits@10"] == pytest.approx((part <= 10).mean())
            assert row["mrr"] == pytest.approx((1 / part).mean(), abs=1e-9)
    a, b, c, d = asked.T
    gap = np.linalg.norm(x[b] - x[a] + x[c] - x[d], axis=1).mean()
    assert found["all", "3CosAdd"]["distance"] == pytest.approx(gap)
    guess = x[b] - x[a] + x[c]
    chance = np.linalg.norm(guess[:, None] - x[None], axis=2).mean()
    assert found["all", "3CosAdd"]["distance_random"] == pytest.approx(chance, rel=0.1)
    assert np.isnan(found["all", "3CosMul"]["distance"])


def test_ranks_when_threads_or_node_order_change_then_the_same():
    rng = np.random.default_rng(1)
    n = 4200
    x = rng.integers(-2, 3, size=(n, 4)).astype(np.float32)  # many equal vectors
    words = [f"w{i}" for i in range(n)]
    asked = rng.choice(n, (40, 4))
    columns = [["s"] * 40, *([words[i] for i in c] for c in asked.T)]
    pairs = (["lex"] * 12, ["L1"] * 12, words[:12], [[w] for w in words[20:32]])
    for test in map(read_analogies, (columns, pairs)):
        one = rows_of(test, Vocabulary(words), x)
        many = rows_of(test, Vocabulary(words), x, n_jobs=2)
        assert str(one) == str(many)
        order = rng.permutation(n)
        moved = rows_of(test, Vocabulary([words[i] for i in order]), x[order])
        for key, row in one.items():
            for name in ("hits@1", "hits@10", "mrr", "distance", "distance_random"):
                assert moved[key][name] == pytest.approx(
                    row[name], abs=1e-6, nan_ok=True
                )


def test_ranks_when_all_vectors_are_equal_then_expectation_of_a_random_order():
    words = list("abcdefghijklmno")
    test = read_analogies((["s"], ["a"], ["b"], ["c"], ["d"]))
    found = rows_of(test, Vocabulary(words), np.ones((15, 3)), _OFFSETS)
    for row in found.values():
        assert row["hits@1"] == pytest.approx(1 / 12)
        assert row["hits@10"] == pytest.approx(10 / 12)
        assert row["mrr"] == pytest.approx((1 / np.arange(1, 13)).mean())


@pytest.mark.parametrize(
    ("above", "tied", "relevant"), [(2, 5, 2), (0, 4, 4), (9, 3, 1), (0, 6, 3)]
)
def test_places_when_answers_tie_then_mean_over_all_orders(above, tied, relevant):
    items = [True] * relevant + [False] * (tied - relevant)
    firsts = [above + 1 + order.index(True) for order in permutations(items)]
    places = Places(*(np.array([v]) for v in (above, tied, relevant)))
    for k in (1, 3, 5, 10):
        assert places.hits(k)[0] == pytest.approx(np.mean([r <= k for r in firsts]))
    expected = np.mean([1 / r for r in firsts])
    assert places.reciprocal_rank()[0] == pytest.approx(expected)


def test_analogy_when_offsets_are_exact_then_all_are_solved():
    rng = np.random.default_rng(2)
    base = rng.normal(size=(8, 20))
    x = np.concatenate(
        [base, base + 2 * rng.normal(size=20), rng.normal(size=(100, 20))]
    )
    words = [f"m{i}" for i in range(8)] + [f"f{i}" for i in range(8)]
    words += [f"o{i}" for i in range(100)]
    pairs = (["lex"] * 8, ["L1"] * 8, words[:8], [[w] for w in words[8:16]])
    found = rows_of(read_analogies(pairs), Vocabulary(words), x)
    assert found["L1", "3CosAdd"]["n_questions"] == 56
    assert found["L1", "3CosAdd"]["hits@1"] > 0.8
    assert found["L1", "3CosAdd"]["distance"] == pytest.approx(0, abs=1e-12)
    assert found["L1", "LRCos"]["n_questions"] == 8
    assert found["L1", "LRCos"]["hits@1"] > 0.6  # chance: below 0.01
    assert found["all", "LRCos"]["mrr"] == found["L1", "LRCos"]["mrr"]


def test_lrcos_when_compared_with_sklearn_then_the_same_ranks():
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(3)
    x = rng.normal(size=(60, 5))
    words = [f"w{i}" for i in range(60)]
    pairs = (["lex"] * 6, ["L1"] * 6, words[:6], [[w] for w in words[6:12]])
    row = rows_of(read_analogies(pairs), Vocabulary(words), x)["L1", "LRCos"]
    unit = x / np.linalg.norm(x, axis=1)[:, None]
    order = Vocabulary(words).canonical_rows()
    drawn = order[np.random.default_rng([0, 3]).integers(0, 60, 6)]
    ranks = []
    for i in range(6):
        good = np.delete(unit[6:12], i, axis=0)
        data = np.concatenate([good, unit[:6], unit[drawn]])
        model = LogisticRegression(class_weight="balanced", max_iter=200)
        model.fit(data, np.arange(len(data)) < 5)
        scores = model.predict_proba(unit)[:, 1] * (unit @ unit[i])
        kept = np.delete(np.arange(60), i)
        ranks.append(1 + (scores[kept] > scores[6 + i]).sum())
    assert row["mrr"] == pytest.approx(np.mean(1 / np.array(ranks)), abs=1e-6)


# -- which questions are asked -------------------------------------------------------
def test_prepare_when_words_are_missing_then_first_known_answer_is_b():
    test = read_analogies((["lex"] * 3, ["L1"] * 3, ["a", "c", "e"], ["x/b", "d", "f"]))
    found = prepare(test.sections[0], Vocabulary(list("abcd")))
    names = [
        [int(found.words[i][0]) for i in question] for question in found.questions.words
    ]
    assert names == [[0, 1, 2], [2, 3, 0]]  # a:b::c and c:d::a; e is not there
    assert found.questions.answers[1].tolist() == [3, 1]


def test_prepare_when_the_answer_is_among_the_asked_then_not_covered():
    columns = (["s"] * 2, ["a", "a"], ["b", "b"], ["c", "c"], ["B", "d"])
    found = prepare(read_analogies(columns).sections[0], Vocabulary(list("abcd")))
    assert len(found.target) == 1


def test_analogy_when_words_have_senses_then_means_ask_and_any_sense_answers():
    ids = ["a", "b", "c", "d1", "d2", "e", "f"]
    names = {"d1": "d", "d2": "d"}
    x = np.array(
        [
            [1.0, 0, 0],
            [1, 0, 1],
            [0, 1, 0],
            [-1, -1, 0],
            [0, 1, 1],
            [-1, 0, -1],
            [0, 0, -1],
        ]
    )
    test = read_analogies((["s"], ["a"], ["b"], ["c"], ["d"]))
    found = rows_of(test, Vocabulary(ids, names=names), x, _OFFSETS)
    assert found["s", "3CosAdd"]["hits@1"] == 1.0
    again = rows_of(test, Vocabulary(ids, names={**names, "e": "a"}), x, _OFFSETS)
    assert again["s", "3CosAdd"]["n_covered"] == 1


def test_analogy_when_nothing_is_covered_then_rows_are_empty_of_numbers():
    test = read_analogies((["lex"] * 2, ["L1"] * 2, ["x", "y"], ["z", "w"]))
    for row in rows_of(test, Vocabulary(["a"]), np.eye(1)).values():
        assert row["n_covered"] == 0
        assert np.isnan(row["mrr"])


def test_analogy_when_questions_are_many_then_pieces_do_not_matter(monkeypatch):
    from graphrep.evaluation import _analogy_scores

    rng = np.random.default_rng(5)
    words = [f"w{i}" for i in range(40)]
    asked = rng.choice(40, (50, 4))
    test = read_analogies([["s"] * 50, *([words[i] for i in c] for c in asked.T)])
    x = rng.normal(size=(40, 4))
    whole = rows_of(test, Vocabulary(words), x, _OFFSETS)
    monkeypatch.setattr(_analogy_scores, "_QUESTIONS_AT_ONCE", 7)
    parts = rows_of(test, Vocabulary(words), x, _OFFSETS)
    for key, row in whole.items():
        for name in ("hits@1", "hits@10", "mrr", "distance"):
            assert parts[key][name] == pytest.approx(row[name], nan_ok=True)


def test_prepare_when_a_node_has_the_name_of_the_answer_and_of_b_then_it_is_left_out():
    words = Vocabulary(["a", "b", "c", "d"], names={"b": ["b", "d"]})
    columns = (["s"], ["a"], ["b"], ["c"], ["d"])
    found = prepare(read_analogies(columns).sections[0], words)
    assert found.questions.answers[1].tolist() == [3]
    assert found.questions.left_out[1].tolist() == [0, 1, 2]


def test_prepare_when_a_pair_has_several_answers_then_it_is_not_asked_of_itself():
    test = read_analogies((["lex"] * 2, ["L1"] * 2, ["a", "c"], ["b/e", "d"]))
    found = prepare(test.sections[0], Vocabulary(list("abcde")))
    assert len(found.target) == test.sections[0].n_questions == 2
    assert found.questions.answers[1].tolist() == [3, 1, 4]
