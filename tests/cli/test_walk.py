"""``graphrep walk``: texts and arrays, the same walks as in Python."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import graphrep

Invoke = Callable[..., Any]
_SMALL = ("--walk-length", 6, "--walks-per-node", 2, "--seed", 7, "--q", 0.5)


def expected(path: Path) -> tuple[Any, Any]:
    graph = graphrep.read(path)
    walker = graphrep.RandomWalks(6, 2, q=0.5, random_state=7)
    return graph, walker.walks(graph)


def test_walk_when_text_then_one_walk_of_ids_a_line(
    invoke: Invoke, karate: Path, tmp_path: Path
) -> None:
    for name, read in (("w.txt", Path.read_bytes), ("w.txt.gz", None)):
        out = tmp_path / name
        done = invoke("walk", karate, "-o", out, *_SMALL)
        assert done.exit_code == 0, done.stderr
        data = read(out) if read else gzip.decompress(out.read_bytes())
        graph, walks = expected(karate)
        lines = [line.split(" ") for line in data.decode().splitlines()]
        assert lines == graph.node_ids[walks].astype(str).tolist()
        assert "nodes on them  408" in done.stderr


def test_walk_when_arrays_then_row_numbers(
    invoke: Invoke, karate: Path, tmp_path: Path
) -> None:
    graph, walks = expected(karate)
    for name in ("w.npy", "w.npz"):
        done = invoke("walk", karate, "-o", tmp_path / name, *_SMALL, "--json")
        assert done.exit_code == 0, done.stderr
        record = json.loads(done.stdout)
        assert record["result"] == {"walks": 68, "nodes_on_walks": 408}
        assert record["parameters"]["q"] == 0.5
    np.testing.assert_array_equal(np.load(tmp_path / "w.npy"), walks)
    with np.load(tmp_path / "w.npz", allow_pickle=False) as archive:
        np.testing.assert_array_equal(archive["walks"], walks)
        assert archive["node_ids"].tolist() == graph.node_ids.tolist()


def test_walk_when_standard_output_then_nothing_but_walks(
    invoke: Invoke, edges: Path
) -> None:
    done = invoke("walk", edges, "-o", "-", "-q", *_SMALL)
    assert len(done.stdout.splitlines()) == 6
    assert set(done.stdout.split()) == {"a", "b", "c"}
    assert done.stderr == ""


def test_walk_when_the_file_is_there_then_usage_error(
    invoke: Invoke, edges: Path, tmp_path: Path
) -> None:
    out = tmp_path / "w.txt"
    out.write_text("old")
    assert invoke("walk", edges, "-o", out).exit_code == 2
    assert out.read_text() == "old"
    assert invoke("walk", edges, "-o", out, "--overwrite", *_SMALL).exit_code == 0
    assert out.read_text() != "old"


def test_walk_when_a_parameter_is_wrong_then_usage_error(
    invoke: Invoke, edges: Path, tmp_path: Path
) -> None:
    done = invoke("walk", edges, "-o", tmp_path / "w.txt", "--p", 0)
    assert done.exit_code == 2
    assert "'p'" in done.stderr or "--p" in done.stderr
    assert not (tmp_path / "w.txt").exists()


def test_walk_when_an_id_holds_a_space_then_bad_data_and_no_file(
    invoke: Invoke, tmp_path: Path
) -> None:
    path = tmp_path / "e.csv"
    path.write_text("source,target\nNew York,Rome\n")
    done = invoke("walk", path, "-o", tmp_path / "w.txt")
    assert done.exit_code == 3
    assert "'New York'" in done.stderr
    assert not (tmp_path / "w.txt").exists()
    assert invoke("walk", path, "-o", tmp_path / "w.npz").exit_code == 0


def test_walk_when_drawn_by_tasks_then_the_same_file(
    invoke: Invoke, karate: Path, tmp_path: Path
) -> None:
    common = ["walk", karate, "--seed", 1, "--walks-per-node", 2]
    work = ["--executor", "serial", "--work-dir", tmp_path / "work"]
    for name, more in (("a.npy", []), ("b.npy", work)):
        done = invoke(*common, *more, "-o", tmp_path / name)
        assert done.exit_code == 0, done.stderr
    assert (tmp_path / "a.npy").read_bytes() == (tmp_path / "b.npy").read_bytes()
