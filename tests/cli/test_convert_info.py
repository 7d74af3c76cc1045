"""``convert`` and ``info``: graph files in, graph files and figures out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

import graphrep
from graphrep.cli import _render

Invoke = Callable[..., Any]
Shell = Callable[..., Any]

JSON_KEYS = [
    "command",
    "version",
    "parameters",
    "n_nodes",
    "n_edges",
    "seconds",
    "peak_rss_mb",
    "outputs",
]


def test_info_when_json_is_asked_then_is_one_object(
    invoke: Invoke, edges: Path
) -> None:
    done = invoke("info", edges, "--json")
    assert done.stderr == ""
    record = json.loads(done.stdout)
    assert list(record) == [*JSON_KEYS, "result"]
    assert record["command"] == "info"
    assert (record["n_nodes"], record["n_edges"]) == (3, 2)
    result = record["result"]
    assert result["components"] == 1
    assert result["degree_quantiles"] == {
        "min": 1.0, "25%": 1.0, "median": 1.0, "75%": 1.5, "max": 2.0,
    }  # fmt: skip
    assert result["directed"] is False


def test_info_when_shown_to_people_then_is_a_table(
    invoke: Invoke, edges: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_render, "is_terminal", lambda: True)
    monkeypatch.setattr("graphrep.cli.commands.info.is_terminal", lambda: True)
    shown = click.unstyle(invoke("info", edges).stdout)
    assert "  isolated nodes     0\n" in shown
    assert "  degree quantiles   min 1  25% 1  median 1  75% 1.5  max 2\n" in shown
    assert "  directed           no\n" in shown


def test_info_when_nodes_are_isolated_then_counts_them(
    invoke: Invoke, tmp_path: Path
) -> None:
    path = tmp_path / "e.tsv"
    path.write_text("a\tb\nc\nd\n")
    record = json.loads(invoke("info", path, "--json").stdout)
    assert record["result"]["isolated_nodes"] == 2
    assert record["result"]["components"] == 3
    assert record["result"]["largest_component"] == 2


def test_convert_when_done_then_the_graph_is_the_same(
    invoke: Invoke, edges: Path, tmp_path: Path
) -> None:
    out = tmp_path / "g.npz"
    done = invoke("convert", edges, out)
    assert done.exit_code == 0, done.stderr
    assert done.stdout == ""
    assert f"Wrote {out}" in done.stderr
    assert "nodes        3" in done.stderr
    assert graphrep.read(out).fingerprint() == graphrep.read(edges).fingerprint()


def test_convert_when_quiet_then_says_nothing(
    invoke: Invoke, edges: Path, tmp_path: Path
) -> None:
    assert invoke("convert", edges, tmp_path / "g.npz", "-q").output == ""


def test_convert_when_json_is_asked_then_names_the_output(
    invoke: Invoke, edges: Path, tmp_path: Path
) -> None:
    out = tmp_path / "g.npz"
    done = invoke("convert", edges, out, "--json")
    record = json.loads(done.stdout)
    assert list(record) == JSON_KEYS
    assert record["outputs"] == [str(out)]
    assert record["n_edges"] == 2


def test_convert_when_the_file_is_there_then_refuses_until_told(
    invoke: Invoke, edges: Path, tmp_path: Path
) -> None:
    out = tmp_path / "g.npz"
    out.write_bytes(b"precious")
    done = invoke("convert", edges, out)
    assert done.exit_code == 2
    assert "--overwrite" in done.stderr
    assert out.read_bytes() == b"precious"
    assert invoke("convert", edges, out, "--overwrite").exit_code == 0
    assert graphrep.read(out).n_edges == 2


def test_convert_when_the_folder_is_missing_then_refuses(
    invoke: Invoke, edges: Path, tmp_path: Path
) -> None:
    done = invoke("convert", edges, tmp_path / "no" / "g.npz")
    assert done.exit_code == 2
    assert "does not exist" in done.stderr


def test_convert_when_the_input_is_bad_then_no_file_appears(
    invoke: Invoke, tmp_path: Path
) -> None:
    path = tmp_path / "bad.tsv"
    path.write_text("a\tb\t1\nc\td\tx\n")
    assert invoke("convert", path, tmp_path / "g.npz").exit_code == 3
    assert [p.name for p in tmp_path.iterdir()] == ["bad.tsv"]


def test_convert_when_piped_then_data_and_messages_are_apart(shell: Shell) -> None:
    done = shell("convert", "-", "-", "--format", "edgelist", input=b"a\tb\nb\tc\n")
    assert done.returncode == 0, done.stderr
    assert [line.split() for line in done.stdout.splitlines()][-2:] == [
        [b"a", b"b"],
        [b"b", b"c"],
    ]
    assert b"Wrote standard output" in done.stderr


def test_convert_when_json_and_a_pipe_are_asked_then_refuses(
    invoke: Invoke, edges: Path
) -> None:
    done = invoke("convert", edges, "-", "--json")
    assert done.exit_code == 2
    assert "standard output" in done.stderr
    assert done.stdout == ""


def test_warning_when_raised_then_is_one_line(invoke: Invoke, edges: Path) -> None:
    done = invoke("convert", edges, "-", "--format", "metis")
    first = done.stderr.splitlines()[0]
    assert first.startswith("Warning: METIS has no place for ids")
    assert ".py:" not in done.stderr


def test_convert_when_the_output_is_a_store_then_sorted_on_disk_and_read_by_all(
    invoke: Invoke, edges: Path, tmp_path: Path
) -> None:
    store = tmp_path / "graph.store"
    done = invoke("convert", edges, store, "--memory-limit", "200MiB")
    assert done.exit_code == 0, done.stderr
    assert graphrep.read(store) == graphrep.read(edges)
    again = invoke("convert", edges, store)
    assert again.exit_code == 2
    assert "is there already" in again.stderr
    assert invoke("convert", edges, store, "--overwrite").exit_code == 0
    info = json.loads(invoke("info", store, "--json").stdout)
    assert (info["n_nodes"], info["n_edges"]) == (3, 2)
    back = tmp_path / "back.tsv"
    assert invoke("convert", store, back).exit_code == 0
    assert graphrep.read(back) == graphrep.read(edges)


def test_convert_when_the_memory_limit_cannot_hold_then_says_why(
    invoke: Invoke, edges: Path, tmp_path: Path
) -> None:
    store = tmp_path / "graph.store"
    small = invoke("convert", edges, store, "--memory-limit", "1MiB")
    assert small.exit_code == 5
    assert "takes 101 MB at least" in small.stderr
    for more, reason in (
        (["--unweighted"], "--unweighted reads the graph into memory"),
        (["--nodes", edges], "--nodes reads the graph into memory"),
    ):
        done = invoke("convert", edges, store, "--memory-limit", "1GiB", *more)
        assert done.exit_code == 2
        assert reason in done.stderr
    done = invoke("convert", edges, tmp_path / "g.npz", "--memory-limit", "1GiB")
    assert "OUTPUT is none" in done.stderr
    done = invoke("convert", edges, store, "-O", "colour=1")
    assert done.exit_code == 2
    assert "Unknown option 'colour'" in done.stderr
