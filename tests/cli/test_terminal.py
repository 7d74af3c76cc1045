"""What a person sees: colours and bars on a terminal, neither where unwanted."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pty = pytest.importorskip("pty")

_COLOUR = re.compile(r"\x1b\[[0-9;]*[1-9]m")
_CURSOR = re.compile(r"\x1b\[\?25l|\x1b\[2K")


def on_terminal(folder: Path, *arguments: str, **env: str) -> str:
    """Everything that a command line writes to a terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "graphrep", *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=folder,
        env={**os.environ, "TERM": "xterm-256color", **env},
    )
    os.close(theirs)
    seen = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        seen += piece
    os.close(ours)
    assert process.wait(60) == 0, seen
    return seen.decode().replace("\r\n", "\n")


def test_terminal_when_it_can_then_shows_colours_and_a_bar(edges: Path) -> None:
    pytest.importorskip("rich")
    seen = on_terminal(edges.parent, "convert", edges.name, "g.npz")
    assert _COLOUR.search(seen)
    assert _CURSOR.search(seen)
    assert "Reading edges.tsv" in seen
    assert "Wrote g.npz" in seen


def test_terminal_when_embeddings_are_assessed_then_columns_are_aligned(
    edges: Path,
) -> None:
    seen = on_terminal(
        edges.parent, "assess", edges.name, "-m", "adjacency-svd", "-d", "2",
        "--parts", "reconstruction", COLUMNS="120",
    )  # fmt: skip
    head, first = re.findall(r"^.*(?:AP native|AdjacencySVD).*$", seen, re.M)[-2:]
    head, first = (
        re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text) for text in (head, first)
    )
    assert head.index("AP native") + len("AP native") == first.index("1.000") + 5
    assert "1 embedding of edges" in seen
    assert "0 is chance" in seen


def test_terminal_when_colours_are_unwanted_then_has_none(edges: Path) -> None:
    seen = on_terminal(edges.parent, "convert", edges.name, "g.npz", NO_COLOR="1")
    assert not re.search(r"\x1b\[[0-9;]*(3[0-7]|38;[0-9;]*)m", seen)
    assert "Wrote g.npz\n  nodes        3\n" in seen


def test_terminal_when_it_is_dumb_then_lines_are_plain(edges: Path) -> None:
    seen = on_terminal(edges.parent, "convert", edges.name, "g.npz", TERM="dumb")
    assert "\x1b" not in seen
    assert seen.startswith("Wrote g.npz\n")


def test_terminal_when_a_warning_comes_then_it_has_a_line_of_its_own(
    edges: Path,
) -> None:
    edges.write_text("a\tb\nb\ta\n")
    seen = on_terminal(edges.parent, "convert", edges.name, "g.npz")
    before, _, _ = seen.partition("Warning:")
    line = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", before.rpartition("\n")[2])
    assert line.rpartition("\r")[2].strip() == ""


def test_terminal_when_a_table_is_wide_then_it_is_cut(tmp_path: Path) -> None:
    seen = on_terminal(tmp_path, "datasets", "list", COLUMNS="60", TERM="dumb")
    assert max(map(len, seen.splitlines())) == 60
