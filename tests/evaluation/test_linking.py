"""evaluate_linking and the protocols that hold names out."""

from __future__ import annotations

import csv
import gzip
import json

import numpy as np
import pandas as pd
import pytest

from graphrep.evaluation import (
    branch_holdout,
    cross_terminology,
    evaluate_linking,
    leaf_holdout,
    synonym_holdout,
    zero_shot_concepts,
)
from graphrep.exceptions import GraphTypeError, GraphValueError, NodeNotFoundError
from graphrep.graph import ConceptMap, Terminology
from graphrep.linking import CandidateList
from graphrep.metrics import strict_scores


@pytest.fixture
def terminology():
    """Tree of 31 concepts with three names each; every fifth shares a synonym."""
    n = 31
    texts, owners = [], []
    for c in range(n):
        texts += [f"Name {c}", f"syn {c}", f"other {c}"]
        owners += [c] * 3
        if c % 5 == 0:
            texts.append("Shared")
            owners.append(c)
    children = np.arange(1, n)
    return Terminology(
        [f"{c:02d}" for c in range(n)], texts, owners,
        parents=(children, (children - 1) // 2), types=[("t",)] * n,
    )  # fmt: skip


def _names(terminology):
    return {
        (name, concept)
        for name, concept in zip(
            terminology.name_texts, terminology.name_concepts.tolist(), strict=True
        )
    }


def _check(terminology, split):
    """No concept is lost, and names are either known or tested."""
    training, phrases, gold = split
    assert training.ids.tolist() == terminology.ids.tolist()
    assert (training.parents != terminology.parents).nnz == 0
    assert training.types == terminology.types
    tested = {(p, c) for p, right in zip(phrases, gold, strict=True) for c in right}
    known = _names(training)
    assert tested <= _names(terminology)
    assert not tested & known
    assert len(known) + split.info["n_held_out"] == len(_names(terminology))
    assert len(set(phrases)) == len(phrases) == len(split)
    if split.info["refined"]:
        lower = {name.lower() for name, _ in known}
        assert not {p.lower() for p in phrases} & lower
    return training


SPLITTERS = {
    "synonyms": synonym_holdout,
    "zero-shot": zero_shot_concepts,
    "branch": branch_holdout,
    "leaves": leaf_holdout,
}


@pytest.mark.parametrize("refined", [True, False])
@pytest.mark.parametrize("protocol", SPLITTERS)
def test_split_when_drawn_then_by_the_seed_and_names_stay(
    terminology, protocol, refined
):
    split = SPLITTERS[protocol]
    one, two = (
        split(terminology, test_size=0.3, refined=refined, random_state=5)
        for _ in range(2)
    )
    assert one.phrases == two.phrases
    assert one.gold == two.gold
    training = _check(terminology, one)
    assert training.preferred_names == terminology.preferred_names
    others = [
        split(terminology, test_size=0.3, random_state=seed).phrases
        for seed in range(9)
    ]
    assert any(phrases != one.phrases for phrases in others)
    assert one.gold_ids[0][0] == f"{one.gold[0][0]:02d}"
    assert one.info["protocol"] in repr(one)


@pytest.mark.parametrize("protocol", ["zero-shot", "branch", "leaves"])
def test_split_when_strict_then_no_name_is_left(terminology, protocol):
    split = SPLITTERS[protocol](terminology, test_size=0.3, strict=True)
    training = _check(terminology, split)
    concepts = {c for right in split.gold for c in right}
    assert all(not training.names(f"{c:02d}") for c in concepts)
    assert any(p.startswith("Name") for p in split.phrases)


def test_branch_when_named_then_all_below(terminology):
    split = branch_holdout(terminology, "01", refined=False)
    below = {1, 3, 4, *range(7, 11), *range(15, 23)}
    assert {c for right in split.gold for c in right} >= below - {0}
    assert split.info["branch"] == ["01"]
    assert split.info["n_concepts"] == len(below)
    leaves = leaf_holdout(terminology, 4)
    assert all(c >= 15 for right in leaves.gold for c in right if c)
    with pytest.raises(GraphValueError, match="No branch"):
        branch_holdout(terminology, test_size=2)


def test_synonyms_when_shared_then_all_concepts_are_right(terminology):
    split = synonym_holdout(terminology, 69 - 1, refined=False)
    assert len(split.gold[split.phrases.index("Shared")]) > 1
    assert split.info["n_removed"] == 0
    refined = synonym_holdout(terminology, 60, refined=True)
    assert refined.info["n_removed"] == refined.info["n_exact"]


def test_split_when_asked_for_nothing_or_too_much_then_refused(terminology):
    with pytest.raises(GraphValueError, match="share in"):
        synonym_holdout(terminology, 1.5)
    with pytest.raises(GraphValueError, match="asks for 500"):
        synonym_holdout(terminology, 500)
    with pytest.raises(GraphTypeError, match="must be a number"):
        leaf_holdout(terminology, "all")
    with pytest.raises(GraphValueError, match="kinds must be of"):
        synonym_holdout(terminology, kinds="nonsense")
    with pytest.raises(GraphValueError, match="asks for 1 of 0"):
        synonym_holdout(terminology, 1, kinds="layperson")


def test_cross_when_mapped_then_every_target_is_right(terminology):
    phrases = Terminology(["a", "b", "c"], ["name 3", "B", "C", "CC"], [0, 1, 2, 2])
    links = ConceptMap(
        ["a", "a", "b", "c", "b"], ["03", "04", "05", "07", "99"],
        flags={"combination": [0, 0, 1, 0, 0], "no_map": [0, 0, 0, 0, 0]},
    )  # fmt: skip
    split = cross_terminology(phrases, terminology, links)
    assert split.training is terminology
    assert split.phrases == ["name 3", "C", "CC"]
    assert split.gold == [[3, 4], [7], [7]]
    assert split.info["exact_share"] == pytest.approx(1 / 3)
    assert (split.info["n_unmapped"], split.info["n_unknown"]) == (1, 1)
    refined = cross_terminology(phrases, terminology, links, refined=True)
    assert refined.phrases == ["C", "CC"]
    pair = (["x"], ["k"])
    assert cross_terminology(pair, terminology, {"k": ["01"]}).gold == [[1]]
    with pytest.raises(GraphValueError, match="No phrase has a target"):
        cross_terminology(pair, terminology, {"k": "100"})
    with pytest.raises(GraphTypeError, match="mapping must be"):
        cross_terminology(pair, terminology, ["01"])
    with pytest.raises(GraphTypeError, match="phrases must be"):
        cross_terminology(7, terminology, {})


# -- results ---------------------------------------------------------------------
@pytest.fixture
def found(terminology):
    rng = np.random.default_rng(0)
    rows = np.argsort(rng.random((40, 31)), axis=1)[:, :6]
    scores = -np.sort(-rng.random((40, 6)), axis=1)
    gold = np.where(rng.random(40) < 0.6, rows[:, 0], rows[:, 2])
    mentions = [f"NAME  {c}" if i % 2 else f"x{c}" for i, c in enumerate(gold)]
    made = CandidateList.from_arrays(rows, scores, terminology, mentions=mentions)
    return made, gold


def test_result_when_evaluated_then_figures_and_groups(found, terminology):
    candidates, gold = found
    gold = [[int(c)] for c in gold]
    gold[0] = []
    result = evaluate_linking(
        candidates, gold, k=(1, 3), training=terminology, threshold=0.5,
        groups={"length": ["short", "long"] * 20}, n_bootstrap=50,
    )  # fmt: skip
    assert result.mean("acc@3").value == 1
    assert result.mean("acc@1").n == 39
    strict = strict_scores(candidates, gold, 0.5)
    for metric in ("precision", "recall", "f1"):
        assert result.mean(metric).value == pytest.approx(getattr(strict, metric))
    low, high = result.mean("acc@1")[1:3]
    assert low < result.mean("acc@1").value < high
    rows = result.rows()
    groups = {(row["group"], row["label"]) for row in rows}
    assert groups == {
        ("all", ""), ("mention", "seen"), ("mention", "unseen"), ("subset", "refined"),
        ("concept", "seen"), ("length", "short"), ("length", "long"),
    }  # fmt: skip
    n_seen = next(r["n"] for r in rows if r["label"] == "seen" and r["metric"] == "mrr")
    assert n_seen == 20
    assert {"distance", "ancestor", "wu_palmer"} <= set(result.metrics)
    json.dumps(result.to_dict())
    assert "acc@3" in result.table
    assert len(result.to_frame()) == len(rows)
    assert "<table" in result._repr_html_()


def test_result_when_page_is_written_then_it_stands_alone(found, tmp_path):
    candidates, gold = found
    result = evaluate_linking(candidates, gold, name="<mine>", n_bootstrap=0)
    text = result.to_html(tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text("utf-8") == text
    assert "&lt;mine&gt;" in text
    assert "<mine>" not in text
    assert np.isnan(result.mean("mrr").low)


def test_compare_when_other_is_worse_then_a_small_p(found):
    candidates, gold = found
    worse = CandidateList.from_arrays(
        np.roll(candidates.concepts.reshape(40, 6), 3, axis=1),
        candidates.scores.reshape(40, 6), candidates.terminology,
    )  # fmt: skip
    one, two = (evaluate_linking(c, gold, n_bootstrap=300) for c in (candidates, worse))
    test = one.compare(two)
    assert test.difference > 0
    assert test.p_value < 0.05
    with pytest.raises(GraphValueError, match="cannot be compared"):
        one.compare(evaluate_linking(worse[:3], gold[:3]))
    with pytest.raises(GraphValueError, match="metric must be"):
        one.compare(two, "f1")


def test_evaluate_when_arguments_do_not_fit_then_refused(found):
    candidates, gold = found
    with pytest.raises(GraphValueError, match="groups\\['x'\\]"):
        evaluate_linking(candidates, gold, groups={"x": [1]})
    with pytest.raises(GraphValueError, match="1 mentions"):
        evaluate_linking(candidates, gold, mentions=["a"])
    with pytest.raises(GraphTypeError, match="training must"):
        evaluate_linking(candidates, gold, training=7)
    with pytest.raises(GraphValueError, match="parents must"):
        evaluate_linking(candidates, gold, parents="none")
    assert "distance" not in evaluate_linking(candidates, gold, parents=None).metrics


@pytest.mark.shared
def test_zero_shot_when_hpo_then_no_leak(shared_data):
    folder = shared_data / "terminology" / "hpo"
    with gzip.open(folder / "synonyms.tsv.gz", "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    ids = list(dict.fromkeys(row["id"] for row in rows))
    place = {c: i for i, c in enumerate(ids)}
    terminology = Terminology(
        ids, [r["text"] for r in rows], [place[r["id"]] for r in rows]
    )
    split = zero_shot_concepts(terminology, 0.1, random_state=0)
    known = {name.lower() for name in split.training.name_texts}
    assert len(split) > 1000
    assert not known & {p.lower() for p in split.phrases}
    assert split.training.n_concepts == terminology.n_concepts


def test_evaluate_when_gold_holds_ids_then_as_with_positions(terminology):
    found = CandidateList.from_arrays(
        [[3, 1], [2, 0], [5, 6]], [[0.9, 0.5], [0.8, 0.7], [0.3, 0.2]], terminology,
        mentions=["syn 3", "b", "c"],
    )  # fmt: skip
    options = {"k": (1, 2), "n_bootstrap": 0}
    training = (pd.DataFrame({"p": ["Syn 3", "q"]}), [[3], [0]])
    by_position = evaluate_linking(found, [3, [0, 4], -1], training=training, **options)
    by_id = evaluate_linking(
        found, ["03", {"00", "04"}, None], gold_kind="ids",
        training=(["Syn 3", "q"], ["03", "00"]), **options,
    )  # fmt: skip
    assert by_id.rows() == by_position.rows()
    assert by_id.labels["mention"].tolist() == ["seen", "unseen", "unseen"]
    assert by_id.labels["concept"].tolist() == ["seen", "seen", None]
    with pytest.raises(NodeNotFoundError, match=r"gold\[0\]: Concept '3' is not"):
        evaluate_linking(found, ["3", "00", None], gold_kind="ids")
    with pytest.raises(GraphTypeError, match="Pass gold=read_gold"):
        evaluate_linking(found, ["03", "00", None])
    with pytest.raises(GraphValueError, match="must be 'positions' or 'ids'"):
        evaluate_linking(found, [3, 0, -1], gold_kind="names")
    with pytest.raises(GraphTypeError, match="no terminology to look the ids"):
        evaluate_linking(CandidateList([0, 1], [0], [1.0]), ["a"], gold_kind="ids")
