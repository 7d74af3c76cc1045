"""``graphrep kge``: train, evaluate, predict."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graphrep import as_knowledge_graph, load
from graphrep.kge import NFE, ComplEx

Invoke = Callable[..., Any]
QUICK = ("-d", 8, "--n-epochs", 5, "--seed", 0, "--validate-every", 2)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """Training, validation and test statements of steps on a ring of 20."""
    rows = [(i, s, (i + d) % 20) for i in range(20) for s, d in (("a", 1), ("b", 3))]
    rng = np.random.default_rng(0)
    order = rng.permutation(len(rows))
    parts = {"train": order[:30], "valid": order[30:35], "test": order[35:]}
    paths = {}
    for name, chosen in parts.items():
        paths[name] = tmp_path / f"{name}.tsv"
        lines = [f"n{h}\t{r}\tn{t}" for h, r, t in (rows[i] for i in chosen)]
        paths[name].write_text("\n".join(lines) + "\n", "utf-8")
    return paths


@pytest.fixture
def model(invoke: Invoke, files: dict[str, Path], tmp_path: Path) -> Path:
    path = tmp_path / "model.zip"
    done = invoke(
        "kge", "train", files["train"], "--valid", files["valid"], "--also",
        files["test"], "-o", path, *QUICK, "--field", "complex",
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    return path


def test_train_then_the_model_that_python_trains(
    model: Path, files: dict[str, Path]
) -> None:
    found = load(model)
    assert isinstance(found, NFE)
    assert found.field == "complex"
    assert (found.n_components, found.n_epochs, found.random_state) == (8, 5, 0)
    assert found.n_entities_ == 20
    assert len(found.known_) == 30
    again = NFE(8, field="complex", n_epochs=5, random_state=0, validate_every=2)
    again.fit(
        found.known_,
        validation=as_knowledge_graph(
            files["valid"],
            entities=found.entities_,
            relations=found.relations_,
            format="triples",
        ),
    )
    np.testing.assert_array_equal(found.entity_parameters_, again.entity_parameters_)


def test_train_when_another_model_then_its_own_defaults(
    invoke: Invoke, files: dict[str, Path], tmp_path: Path
) -> None:
    curve = tmp_path / "curve.png"
    done = invoke(
        "kge", "train", files["train"], "-m", "complex", "-o", tmp_path / "m",
        "--hold-out", 0.1, "--curve", curve, "--json", *QUICK,
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    record = json.loads(done.stdout)
    assert record["parameters"]["learning_rate"] == ComplEx().learning_rate
    assert record["parameters"]["random_seed"] == 0
    assert len(record["result"]["history"]) == 5
    assert record["result"]["history"][-1]["valid_mrr"] > 0
    assert curve.read_bytes().startswith(b"\x89PNG")
    refused = invoke(
        "kge", "train", files["train"], "-m", "complex", "-o", tmp_path / "n",
        "--n-pieces", 2,
    )  # fmt: skip
    assert refused.exit_code == 2
    assert "--n-pieces is no parameter of complex" in refused.stderr


def test_train_when_checkpointed_then_it_goes_on(
    invoke: Invoke, files: dict[str, Path], tmp_path: Path
) -> None:
    kept = tmp_path / "t.ckpt"
    command = ("kge", "train", files["train"], "--checkpoint", kept, "--seed", 0)
    for name, epochs in (("m5", 5), ("m10", 10)):
        done = invoke(*command, "-o", tmp_path / name, "--n-epochs", epochs, "-d", 8)
        assert done.exit_code == 0, done.stderr
    found = load(tmp_path / "m10")
    again = NFE(8, n_epochs=10, random_state=0).fit(found.known_)
    np.testing.assert_array_equal(found.entity_parameters_, again.entity_parameters_)


def test_evaluate_then_the_figures_and_pages(
    invoke: Invoke, model: Path, files: dict[str, Path], tmp_path: Path
) -> None:
    page, figures = tmp_path / "r.html", tmp_path / "r.json"
    command = ("kge", "evaluate", model, files["test"], "--known", files["valid"])
    done = invoke(*command, "--html", page, "--save", figures)
    assert done.exit_code == 0, done.stderr
    head, row = (line.split("\t") for line in done.stdout.splitlines())
    assert head[:3] == ["relation", "n", "mrr"]
    assert row[:2] == ["all", "10"]
    record = json.loads(figures.read_text("utf-8"))
    assert f"{record['metrics']['mrr']:.3f}" == row[2]
    assert {r["relation"] for r in record["by_relation"]} == {"a", "b"}
    text = page.read_text("utf-8")
    assert "Relation by relation" in text
    assert "kept: epoch" in text
    for by, columns in (("relation", ["relation"]), ("cardinality", ["cardinality"])):
        done = invoke(*command, "--by", by)
        lines = [line.split("\t") for line in done.stdout.splitlines()]
        assert lines[0][:1] == columns
        assert len(lines) >= 3
    again = invoke(*command, "--html", page)
    assert again.exit_code == 2
    assert "is there already" in again.stderr


def test_evaluate_when_json_then_one_object(
    invoke: Invoke, model: Path, files: dict[str, Path]
) -> None:
    done = invoke("kge", "evaluate", model, files["test"], "--json")
    record = json.loads(done.stdout)
    assert record["result"]["metrics"]["n"] == 10
    unknown = invoke("kge", "evaluate", model, files["test"].with_name("no.tsv"))
    assert unknown.exit_code == 2


def test_predict_then_the_answers_of_the_model(invoke: Invoke, model: Path) -> None:
    found = load(model)
    for asked, answers in (
        (("n1", "a", "?"), found.predict_tails([("n1", "a")], 4)[0]),
        (("?", "b", "n2"), found.predict_heads([("b", "n2")], 4)[0]),
        (("n1", "?", "n9"), found.predict_relations([("n1", "n9")], 4)[0]),
    ):
        done = invoke("kge", "predict", model, *asked, "-k", 4)
        assert done.exit_code == 0, done.stderr
        rows = [line.split("\t") for line in done.stdout.splitlines()[1:]]
        assert [row[0] for row in rows] == [name for name, _ in answers]


def test_predict_when_ids_are_integers_then_found(
    invoke: Invoke, tmp_path: Path
) -> None:
    path = tmp_path / "t.tsv"
    path.write_text("1\t7\t2\n2\t7\t3\n3\t7\t4\n", "utf-8")
    for options, first in (((), 1), (("--id-dtype", "str"), "1")):
        done = invoke(
            "kge", "train", path, "-o", tmp_path / "m", "--overwrite", *options, *QUICK
        )
        assert done.exit_code == 0, done.stderr
        assert load(tmp_path / "m").entity_ids_.tolist()[0] == first
        done = invoke("kge", "predict", tmp_path / "m", "1", "7", "?", "--keep-known")
        assert done.exit_code == 0, done.stderr
        assert len(done.stdout.splitlines()) == 5


@pytest.mark.parametrize(
    ("asked", "code", "match"),
    [
        (("n1", "a", "n2"), 2, "Write '?' for exactly one"),
        (("?", "a", "?"), 2, "Write '?' for exactly one"),
        (("zebra", "a", "?"), 3, "zebra"),
        (("n1", "cures", "?"), 3, "cures"),
    ],
)
def test_predict_when_asked_wrongly_then_one_sentence(
    invoke: Invoke, model: Path, asked: tuple[str, ...], code: int, match: str
) -> None:
    done = invoke("kge", "predict", model, *asked)
    assert done.exit_code == code, done.stderr
    assert match in done.stderr
    assert "Traceback" not in done.stderr


def test_train_when_asked_wrongly_then_nothing_is_written(
    invoke: Invoke, files: dict[str, Path], tmp_path: Path
) -> None:
    output = tmp_path / "m"
    command = ("kge", "train", files["train"], "-o", output)
    for options, match in (
        (("--valid", files["valid"], "--hold-out", 0.1), "not both"),
        (("--loss", "vague"), "loss"),
        (("--divergence", "kl", "--n-pieces", 3), "divergence='kl'"),
        (("--device", "abacus"), "abacus"),
        (("--format", "obo", "--no-header"), "--header is for files of triples"),
    ):
        done = invoke(*command, *options)
        assert done.exit_code in {2, 3, 5}, done.stderr
        assert match in done.stderr
        assert "Traceback" not in done.stderr
        assert not output.exists()


def test_evaluate_when_by_tasks_then_the_same_figures(
    invoke: Invoke, model: Path, files: dict[str, Path], tmp_path: Path
) -> None:
    command = ("kge", "evaluate", model, files["test"])
    done = invoke(*command, "--executor", "serial", "--work-dir", tmp_path / "work")
    assert done.exit_code == 0, done.stderr
    assert done.stdout == invoke(*command).stdout
    wrong = invoke(*command, "--executor", "cloud")
    assert wrong.exit_code != 0
    assert "executor must be" in wrong.stderr


def test_train_when_the_output_is_anothers_then_refused_before_the_work(
    invoke: Invoke, files: dict[str, Path], tmp_path: Path
) -> None:
    out = tmp_path / "bert"
    out.mkdir()
    (out / "config.json").write_text('{"model_type": "bert"}')
    nothing = tmp_path / "empty.tsv"
    nothing.write_text("not read\n")
    done = invoke("kge", "train", nothing, "-o", out, "--overwrite", *QUICK)
    assert done.exit_code == 2
    assert "no saved model" in done.stderr
    assert (out / "config.json").read_text() == '{"model_type": "bert"}'


def test_train_when_dry_run_then_the_memory_and_nothing_else(
    invoke: Invoke, files: dict[str, Path], tmp_path: Path
) -> None:
    out = tmp_path / "none"
    line = ("kge", "train", files["train"], "--valid", files["valid"], *QUICK)
    more = ("--also", files["test"], "-o", out, "--dry-run")
    done = invoke(*line, *more)
    assert done.exit_code == 0, done.stderr
    facts = dict(line.split("\t") for line in done.stdout.splitlines())
    assert (facts["entities"], facts["relations"], facts["triples"]) == (
        "20",
        "2",
        "30",
    )
    assert facts["validation"] == "5 triples"
    assert facts["output"] == str(out)
    assert {"memory: step", "memory in all", "memory free"} <= facts.keys()
    result = json.loads(invoke(*line, *more, "--json").stdout)["result"]
    parts = dict(result["memory_bytes"])
    assert result["total_bytes"] == parts.pop("total") == sum(parts.values()) > 0
    assert not out.exists()
    missing = invoke(*line)
    assert missing.exit_code == 2
    assert "Missing option '-o'" in missing.stderr
