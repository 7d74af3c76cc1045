"""Blockers in files: the same pairs after loading, and what cannot be written."""

from __future__ import annotations

import numpy as np
import pytest

import graphrep
from graphrep.blocking import (
    EmbeddingBlocker,
    IntersectionBlocker,
    KeyBlocker,
    MetaBlocker,
    MinHashBlocker,
    NLSHBlocker,
    Records,
    SortedNeighbourhoodBlocker,
    TfidfBlocker,
    UnionBlocker,
    as_records,
)
from graphrep.datasets import make_records
from graphrep.exceptions import GraphTypeError, ModelFileError

BLOCKERS = [
    KeyBlocker(columns=["name"]),
    MetaBlocker(),
    MinHashBlocker(threshold=0.3, random_state=0),
    NLSHBlocker(random_state=0),
    SortedNeighbourhoodBlocker("name"),
    TfidfBlocker(analyzer="word", budget=2.0),
]


@pytest.fixture(scope="module")
def made():
    return make_records(150, kind="persons", random_state=0)


@pytest.mark.parametrize("blocker", BLOCKERS, ids=lambda b: type(b).__name__)
@pytest.mark.parametrize("name", ["model", "model.zip"])
def test_load_when_saved_then_the_same_pairs(blocker, name, made, tmp_path):
    A, B = as_records(made.left), as_records(made.right)
    before = blocker.fit_candidate_pairs(A, B)
    blocker.save(tmp_path / name)
    loaded = graphrep.load(tmp_path / name)
    after = loaded.candidate_pairs(A, B)
    assert type(loaded) is type(blocker)
    assert loaded.get_params() == blocker.get_params()
    assert np.array_equal(before.left_rows, after.left_rows)
    assert np.array_equal(before.right_rows, after.right_rows)
    assert np.array_equal(before.scores, after.scores)
    if name == "model" and not isinstance(blocker, KeyBlocker):
        wanted = blocker.estimate_recall(A, B, pairs=before)
        assert loaded.estimate_recall(A, B, pairs=after) == wanted


@pytest.mark.parametrize("kind", [UnionBlocker, IntersectionBlocker])
def test_load_when_of_several_blockers_then_the_same_pairs(kind, made, tmp_path):
    A, B = as_records(made.left), as_records(made.right)
    inner = UnionBlocker([KeyBlocker("qgrams"), MinHashBlocker(random_state=1)])
    blocker = kind([NLSHBlocker(random_state=0), inner], weights=[2.0, 1.0])
    before = blocker.fit_candidate_pairs(A, B, made.matches[:40])
    blocker.save(tmp_path / "model.zip")
    loaded = graphrep.load(tmp_path / "model.zip")
    assert loaded.candidate_pairs(A, B) == before
    assert repr(loaded) == repr(blocker)
    assert loaded.n_pairs_ == blocker.n_pairs_
    assert loaded.fit_candidate_pairs(A, B, made.matches[:40]) == before


def test_load_when_a_part_is_a_stranger_then_refused(made, tmp_path):
    blocker = UnionBlocker([TfidfBlocker()])
    with pytest.raises(GraphTypeError, match="'_first_letters' cannot be saved"):
        UnionBlocker([EmbeddingBlocker(_first_letters)]).fit(made.left).save(
            tmp_path / "odd"
        )
    blocker.fit(made.left).save(tmp_path / "model")
    config = tmp_path / "model" / "config.json"
    for old, new in (
        ('"class": "TfidfBlocker"', '"class": "os.system"'),
        ('"one_table_": true', '"__class__": true'),
    ):
        text = config.read_text("utf-8")
        assert old in text
        config.write_text(text.replace(old, new), "utf-8")
        with pytest.raises(ModelFileError, match="does not fit UnionBlocker"):
            graphrep.load(tmp_path / "model")
        config.write_text(text, "utf-8")


def _first_letters(texts):
    return np.array([[ord(text[:1] or "a"), 1.0] for text in texts])


def test_load_when_matches_are_known_then_aims_as_before(made, tmp_path):
    A, B = as_records(made.left), as_records(made.right)
    blocker = NLSHBlocker(target_recall=0.8, random_state=0)
    before = blocker.fit_candidate_pairs(A, B, made.matches)
    path = tmp_path / "model"
    blocker.save(path)
    loaded = graphrep.load(path)
    assert loaded.candidate_pairs(A, B) == before
    assert not hasattr(loaded, "recall_estimate_")  # counted by matches, not guessed
    found = set(zip(before.left_ids.tolist(), before.right_ids.tolist(), strict=True))
    share = len(found & set(made.matches)) / len(made.matches)
    assert share == pytest.approx(0.8, abs=0.012)
    # of other tables the matches say nothing, before and after
    other = Records(B.columns, ids=[f"other {i}" for i in B.ids])
    assert loaded.candidate_pairs(A, other) == blocker.candidate_pairs(A, other)
    assert loaded.recall_estimate_ == blocker.recall_estimate_
    loaded.save(tmp_path / "again")
    assert graphrep.load(tmp_path / "again").candidate_pairs(A, B) == before


def test_load_when_file_knows_no_matches_then_aims_by_scores(made, tmp_path):
    A, B = as_records(made.left), as_records(made.right)
    blocker = NLSHBlocker(target_recall=0.8, random_state=0)
    blocker.fit(A, B, made.matches)
    known, blocker._known = blocker._known, None  # as files were before
    blocker.save(tmp_path / "old")
    loaded = graphrep.load(tmp_path / "old")
    assert len(loaded.candidate_pairs(A, B)) > 0
    assert loaded.recall_estimate_.recall >= 0.8
    blocker._known = known
    known.matches = known.matches._replace(left=np.zeros((2, 1), np.int64))
    known.matches = known.matches._replace(right=np.zeros((2, 1), np.int64))
    blocker.save(tmp_path / "wrong")
    with pytest.raises(ModelFileError, match="known matches of shape"):
        graphrep.load(tmp_path / "wrong")


def test_load_when_learnt_from_labels_then_the_ranker_is_there(made, tmp_path):
    A, B = as_records(made.left), as_records(made.right)
    blocker = NLSHBlocker(random_state=0)
    before = blocker.fit_candidate_pairs(A, B, made.matches)
    assert blocker.ranker_ is not None
    blocker.ranker_.weight_ = blocker.ranker_.weight_ or 0.0
    blocker.save(tmp_path / "model")
    loaded = graphrep.load(tmp_path / "model")
    assert loaded.ranker_.weight_ == blocker.ranker_.weight_
    assert loaded.ranker_.recalls_ == blocker.ranker_.recalls_
    after = loaded.candidate_pairs(A, B)
    assert np.array_equal(before.scores, after.scores)
    text = (tmp_path / "model" / "README.md").read_text()
    assert "candidate_pairs" in text
    assert "hashes" in text


def test_save_when_rules_then_refused(made, tmp_path):
    A, B = as_records(made.left), as_records(made.right)
    blocker = TfidfBlocker(exclude=lambda a, b: np.zeros(len(a), bool)).fit(A, B)
    with pytest.raises(GraphTypeError, match="exclude"):
        blocker.save(tmp_path / "model")
    assert not (tmp_path / "model").exists()
