"""``embed``: a graph in, vectors out, and everything that can be refused before."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone

import graphrep
from graphrep.cli import _embedding, _outputs
from graphrep.cli._methods import METHODS
from graphrep.cli._parameters import read_source
from graphrep.embedding import FastRP
from graphrep.io import read_vectors, write_vectors

HAS_TORCH = find_spec("torch") is not None

Invoke = Callable[..., Any]
Shell = Callable[..., Any]
SMALL = ("-d", "4", "--seed", "3")


def test_embed_when_done_then_equals_the_python_interface(
    invoke: Invoke, edges: Path, tmp_path: Path
) -> None:
    out = tmp_path / "v.npz"
    done = invoke("embed", "fastrp", edges, "-o", out, *SMALL, "--threads", 1)
    assert done.exit_code == 0, done.stderr
    assert done.stdout == ""
    assert f"Wrote {out}\n" in done.stderr
    assert "dimensions   4" in done.stderr
    vectors = read_vectors(out)
    expected = FastRP(4, random_state=3).fit_transform(graphrep.read(edges))
    np.testing.assert_array_equal(vectors.matrix, expected)
    assert vectors.node_ids.tolist() == ["a", "b", "c"]


def test_embed_when_json_is_asked_then_reports_what_was_used(
    invoke: Invoke, edges: Path, tmp_path: Path
) -> None:
    out = tmp_path / "v.npy"
    done = invoke("embed", "fastrp", edges, "-o", out, "-d", 3, "--json")
    assert done.stderr == ""
    assert done.stdout.count("\n") == 1
    record = json.loads(done.stdout)
    assert list(record) == [
        "command", "version", "parameters", "n_nodes", "n_edges", "seconds",
        "peak_rss_mb", "outputs",
    ]  # fmt: skip
    assert record["command"] == "embed fastrp"
    assert record["parameters"]["device"] == "cpu"
    assert record["parameters"]["n_components"] == 3
    assert record["outputs"] == [str(out), str(tmp_path / "v.ids.txt")]
    assert (record["n_nodes"], record["n_edges"]) == (3, 2)
    seed = record["parameters"]["random_seed"]
    again = tmp_path / "w.npy"
    invoke("embed", "fastrp", edges, "-o", again, "-d", 3, "--seed", seed, "-q")
    assert again.read_bytes() == out.read_bytes()


def test_embed_when_a_preset_is_named_then_given_options_replace_its_own(
    invoke: Invoke, edges: Path, tmp_path: Path
) -> None:
    done = invoke(
        "embed", "fastrp", edges, "-o", tmp_path / "v.npz", *SMALL, "--json",
        "--preset", "gds", "--weights", "1,2", "--output-norm", "l2",
    )  # fmt: skip
    used = json.loads(done.stdout)["parameters"]
    assert used["preset"] == "gds"
    assert used["degree"] == "count"
    assert used["weights"] == [1.0, 2.0]
    assert used["output_norm"] == "l2"
    assert used["beta"] == 0.0


def test_embed_when_piped_then_vectors_and_messages_are_apart(shell: Shell) -> None:
    done = shell(
        "embed", "fastrp", "-", "-o", "-", "--format", "tsv", *SMALL,
        input=b"a\tb\nb\tc\n",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = done.stdout.decode().splitlines()
    assert lines[0].split("\t") == ["id", "x0", "x1", "x2", "x3"]
    assert [line.split("\t")[0] for line in lines[1:]] == ["a", "b", "c"]
    assert b"Wrote standard output" in done.stderr


def test_embed_when_a_model_is_saved_then_it_loads(
    invoke: Invoke, edges: Path, tmp_path: Path
) -> None:
    model = tmp_path / "model"
    done = invoke(
        "embed", "fastrp", edges, "-o", tmp_path / "v.npz", *SMALL,
        "--save-model", model,
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    assert str(model) in done.stderr
    loaded = graphrep.load(model)
    matrix = read_vectors(tmp_path / "v.npz").matrix
    np.testing.assert_array_equal(loaded.transform(graphrep.read(edges)), matrix)
    again = invoke(
        "embed", "fastrp", edges, "-o", tmp_path / "w.npz", "--save-model", model
    )
    assert again.exit_code == 2
    assert not (tmp_path / "w.npz").exists()


def test_embed_when_features_are_given_then_follow_the_ids(
    invoke: Invoke, edges: Path, tmp_path: Path
) -> None:
    from graphrep.graph import Vectors

    features = tmp_path / "x.csv"
    write_vectors(Vectors([[3.0], [1.0], [2.0]], ["c", "a", "b"]), features)
    out = tmp_path / "v.npz"
    done = invoke("embed", "fastrp", edges, "-o", out, *SMALL, "--features", features)
    assert done.exit_code == 0, done.stderr
    expected = FastRP(4, random_state=3).fit_transform(
        graphrep.read(edges), features=np.array([[1.0], [2.0], [3.0]], np.float32)
    )
    np.testing.assert_allclose(read_vectors(out).matrix, expected, rtol=1e-5)


def test_embed_when_told_to_tune_then_the_parameters_change(
    invoke: Invoke, karate: Path, tmp_path: Path
) -> None:
    done = invoke(
        "embed", "fastrp", karate, "-o", tmp_path / "v.npz", *SMALL, "--tune", "--json"
    )
    assert done.exit_code == 0, done.stderr
    used = json.loads(done.stdout)["parameters"]
    assert len(used["weights"]) >= 1
    assert read_vectors(tmp_path / "v.npz").shape == (34, 4)


def test_dry_run_when_asked_then_plans_and_writes_nothing(
    invoke: Invoke, edges: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FastRP, "fit", None)
    done = invoke("embed", "fastrp", edges, "--dry-run", "-d", 64)
    assert done.exit_code == 0, done.stderr
    facts = dict(line.split("\t") for line in done.stdout.splitlines())
    assert facts["method"] == "FastRP, 64 dimensions"
    assert facts["nodes"] == "3"
    assert "memory in all" in facts
    assert [p.name for p in tmp_path.iterdir()] == ["edges.tsv"]


def test_dry_run_when_json_is_asked_then_has_the_estimate(
    invoke: Invoke, edges: Path
) -> None:
    done = invoke("embed", "fastrp", edges, "--dry-run", "--json", "-d", 64)
    record = json.loads(done.stdout)
    assert record["n_nodes"] == 3
    result = record["result"]
    assert result["dry_run"] is True
    assert result["n_entries"] == 4
    need = FastRP(64, keep_layers=False).estimate_memory(3, 4)
    assert result["memory_bytes"] == need
    assert result["total_bytes"] == need["total"]


def test_embed_when_memory_is_short_then_ends_before_the_work(
    invoke: Invoke, edges: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_embedding, "available_memory", lambda: 10)
    monkeypatch.setattr(FastRP, "fit", None)
    done = invoke("embed", "fastrp", edges, "-o", tmp_path / "v.npz")
    assert done.exit_code == 5
    assert "10 B are free" in done.stderr
    assert not (tmp_path / "v.npz").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["-o", "v.npz", "-d", "0"], 2, "n_components"),
        (["-o", "v.npz", "--beta", "x"], 2, "'x' is not a number"),
        (["-o", "v.npz", "--degree", "odd"], 2, "'odd' is not 'weighted' or 'count'"),
        (["-o", "v.npz", "--projection", "0.5"], 2, "projection"),
        (["-o", "v.unknown"], 2, "suffix does not tell the format"),
        (["-o", "v.npz.gz"], 2, "Leave out the suffix of the compression"),
        (["-o", "-"], 2, "-o - needs --format"),
        (["-o", "-", "--format", "tsv", "--json"], 2, "standard output"),
        (["-o", "no/v.npz"], 2, "does not exist"),
        ([], 2, "Missing option '-o'"),
        (["-o", "v.npz", "--device", "cuda:77"], 5 if HAS_TORCH else 4, "cuda"),
        (["-o", "v.npz", "--weights", "0,0"], 3, "all zero"),
    ],
)
def test_embed_when_it_cannot_work_then_says_why(
    invoke: Invoke,
    edges: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    code: int,
    message: str,
) -> None:
    monkeypatch.chdir(edges.parent)
    done = invoke("embed", "fastrp", edges, *arguments)
    assert done.exit_code == code, done.stderr
    assert message in done.stderr
    assert done.stdout == ""
    assert [p.name for p in edges.parent.iterdir()] == ["edges.tsv"]


def test_embed_when_bytes_would_reach_a_terminal_then_refuses(
    monkeypatch: pytest.MonkeyPatch, invoke: Invoke, edges: Path
) -> None:
    monkeypatch.setattr(_outputs, "is_terminal", lambda: True)
    done = invoke("embed", "fastrp", edges, "-o", "-", "--format", "npz")
    assert done.exit_code == 2
    assert "is not text" in done.stderr


def test_vector_formats_when_compared_then_equal_those_of_io() -> None:
    from graphrep.io._vectors import VECTOR_FORMATS

    assert _outputs.VECTOR_FORMATS == VECTOR_FORMATS


class TestAnyMethod:
    """What holds for the command of every embedder."""

    pytestmark = pytest.mark.parametrize("name", METHODS)

    def test_embed_when_done_then_equals_the_python_interface(
        self, name: str, invoke: Invoke, karate: Path, tmp_path: Path
    ) -> None:
        _skip_without_torch(name)
        out, model = tmp_path / "v.npz", tmp_path / "model"
        done = invoke(
            "embed", name, karate, "-o", out, "--save-model", model, "--json",
            *arguments_of(name),
        )  # fmt: skip
        assert done.exit_code == 0, done.stderr
        record = json.loads(done.stdout)
        used = record["parameters"]
        assert record["command"] == f"embed {name}"
        assert used["n_components"] == 4
        assert record["outputs"] == [str(out), str(model)]
        loaded = graphrep.load(model)
        vectors = read_vectors(out)
        np.testing.assert_array_equal(vectors.matrix, loaded.embedding_)
        again = clone(loaded).fit(graphrep.read(karate))
        np.testing.assert_array_equal(vectors.matrix, again.embedding_)

    def test_dry_run_when_asked_then_has_the_estimate(
        self, name: str, invoke: Invoke, karate: Path
    ) -> None:
        _skip_without_torch(name)
        done = invoke("embed", name, karate, "--dry-run", "--json", *arguments_of(name))
        assert done.exit_code == 0, done.stderr
        result = json.loads(done.stdout)["result"]
        assert result["n_entries"] == 156
        parts = dict(result["memory_bytes"])
        total = parts.pop("total")
        assert result["total_bytes"] == total > 0
        if "plan" in result:
            assert total == sum(parts.values()) == result["plan"]["memory"]

    def test_target_when_asked_then_is_written_where_there_is_one(
        self, name: str, invoke: Invoke, karate: Path, tmp_path: Path
    ) -> None:
        _skip_without_torch(name)
        out, target = tmp_path / "v.npz", tmp_path / "t.npz"
        model = tmp_path / "model"
        arguments = ("-o", out, "--target", target, "--save-model", model)
        done = invoke("embed", name, karate, *arguments, *arguments_of(name))
        if not read_source(METHODS[name].class_name).has_targets:
            assert done.exit_code == 2
            assert "No such option" in done.stderr
            assert "--target" in done.stderr
            return
        if "gave no second vectors" in done.stderr:  # of a graph without directions
            assert done.exit_code == 3
            return
        assert done.exit_code == 0, done.stderr
        table = graphrep.load(model).target_embedding_
        np.testing.assert_array_equal(read_vectors(target).matrix, table)
        ids = graphrep.load(model).node_ids_.tolist()
        assert read_vectors(target).node_ids.tolist() == ids


def test_target_when_it_is_the_output_then_refuses(
    invoke: Invoke, karate: Path, tmp_path: Path
) -> None:
    out = tmp_path / "v.npz"
    done = invoke("embed", "deepwalk", karate, "-o", out, "--target", out)
    assert done.exit_code == 2
    assert "name two files" in done.stderr


def arguments_of(name: str) -> tuple[str, ...]:
    """Options that keep a fit short."""
    seed = ("--seed", "3") if _has(name, "random_state") else ()
    quick = [f"--{p.replace('_', '-')}={v}" for p, v in _QUICK if _has(name, p)]
    return ("-d", "4", *seed, *quick)


def _has(name: str, parameter: str) -> bool:
    source = read_source(METHODS[name].class_name)
    return any(p.name == parameter for p in source.parameters)


def _skip_without_torch(name: str) -> None:
    if name == "sdne" and not HAS_TORCH:
        pytest.skip("SDNE needs torch")


_QUICK = (("walks_per_node", 2), ("walk_length", 10), ("n_epochs", 2))


class TestLargerThanMemory:
    @pytest.fixture
    def store(self, invoke: Invoke, karate: Path, tmp_path: Path) -> Path:
        done = invoke("convert", karate, tmp_path / "karate.store")
        assert done.exit_code == 0, done.stderr
        return tmp_path / "karate.store"

    def test_store_when_in_and_out_then_the_vectors_of_memory(
        self, invoke: Invoke, karate: Path, store: Path, tmp_path: Path
    ) -> None:
        out, plain = tmp_path / "v.store", tmp_path / "v.npz"
        fit = ("embed", "fastrp", "-d", "16", "--seed", "3")
        assert invoke(*fit, karate, "-o", plain).exit_code == 0
        limits = ("--memory-limit", "1GiB", "--work-dir", tmp_path / "w")
        done = invoke(*fit, store, "-o", out, "--executor", "serial", *limits, "--json")
        assert done.exit_code == 0, done.stderr
        assert json.loads(done.stdout)["outputs"] == [str(out)]
        got, wanted = read_vectors(out), read_vectors(plain)
        np.testing.assert_array_equal(got.matrix, wanted.matrix)
        assert got.node_ids.tolist() == wanted.node_ids.tolist()
        again = invoke(*fit, store, "-o", out, "--executor", "serial")
        assert again.exit_code == 2
        assert "--overwrite" in again.stderr
        more = invoke(*fit, store, "-o", out, "--overwrite")
        assert more.exit_code == 0, more.stderr

    def test_dry_run_when_limited_then_shows_the_way_and_writes_nothing(
        self, invoke: Invoke, store: Path, tmp_path: Path
    ) -> None:
        out = tmp_path / "v.store"
        fit = ("embed", "fastrp", store, "-o", out, "--dry-run")
        done = invoke(*fit, "--executor", "serial")
        assert done.exit_code == 0, done.stderr
        assert "blocks of 128 columns in files" in done.stdout + done.stderr
        done = invoke(*fit, "--memory-limit", "1GiB", "--json")
        plan = json.loads(done.stdout)["result"]["plan"]
        assert plan["path"] == "mapped"
        assert plan["limit"] == 1 << 30
        assert not out.exists()

    def test_walks_when_limited_then_planned_and_through_files(
        self, invoke: Invoke, store: Path, tmp_path: Path
    ) -> None:
        out = tmp_path / "v.npz"
        line = ("embed", "node2vec", store, "-o", out, "-d", 8, "--walk-length", 10)
        done = invoke(*line, "--dry-run", "--json")
        whole = json.loads(done.stdout)["result"]["plan"]
        assert whole["path"] == "memory"
        refused = invoke(*line, "--dry-run", "--memory-limit", "1kB")
        assert refused.exit_code not in (0, 1, 2)
        assert "memory_limit is 1 kB" in refused.stderr
        least = re.search(r"Allow ([0-9,]+) bytes", refused.stderr)
        assert least is not None
        limit = ("--memory-limit", least[1].replace(",", ""))
        done = invoke(*line, *limit, "--dry-run")
        assert "walks in files" in done.stdout
        assert not out.exists()
        done = invoke(*line, *limit, "--seed", 1)
        assert done.exit_code == 0, done.stderr
        limited = read_vectors(out).matrix
        done = invoke(*line, "--seed", 1, "--overwrite")
        assert np.array_equal(read_vectors(out).matrix, limited)

    @pytest.mark.parametrize("graph", ["store", "karate"])
    def test_memory_when_too_small_then_refused_with_the_numbers(
        self, invoke: Invoke, graph: str, request: pytest.FixtureRequest
    ) -> None:
        path = request.getfixturevalue(graph)
        done = invoke("embed", "fastrp", path, "--dry-run", "--memory-limit", "1kB")
        assert done.exit_code not in (0, 1, 2)
        assert "memory_limit is 1 kB" in done.stderr

    def test_executor_when_unknown_then_one_sentence(
        self, invoke: Invoke, store: Path, tmp_path: Path
    ) -> None:
        out = tmp_path / "v.npz"
        done = invoke("embed", "fastrp", store, "-o", out, "--executor", "cloud")
        assert done.exit_code == 3
        assert "executor must be 'serial', 'processes', 'dask'" in done.stderr


def test_output_when_it_is_the_input_then_is_refused_even_to_overwrite(
    invoke: Invoke, tmp_path: Path
) -> None:
    path = tmp_path / "e.tsv"
    path.write_text("a\tb\nb\tc\n")
    beside = tmp_path / "." / "e.tsv"
    for command in (
        ["embed", "fastrp", path, "-d", "2", "-o", beside, "--overwrite"],
        ["walk", path, "-o", path, "--overwrite"],
    ):
        done = invoke(*command)
        assert done.exit_code == 2, command
        assert "is the input of this command" in done.stderr
    assert path.read_text() == "a\tb\nb\tc\n"
    assert invoke("convert", path, path, "--overwrite").exit_code == 0
    other = tmp_path / "v.tsv"
    other.write_text("old")
    assert (
        invoke("embed", "fastrp", path, "-d", "2", "-o", other, "--overwrite").exit_code
        == 0
    )
