"""Tables: aligned for people, separated by tabs for programs."""

from __future__ import annotations

import click
import pytest

from graphrep.cli import _render
from graphrep.cli._render import (
    display_width,
    duration,
    print_facts,
    print_table,
    printable,
)

Captured = pytest.CaptureFixture[str]


def test_table_when_stdout_is_a_pipe_then_has_tabs(capsys: Captured) -> None:
    print_table([("a", 1), ("bb\t", 2)], ["node", "rank"])
    assert capsys.readouterr().out == "node\trank\na\t1\nbb\\t\t2\n"


def test_table_when_shown_to_people_then_is_aligned(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_render, "is_terminal", lambda: True)
    print_table([("図", 1), ("abc", 22)], ["id", "n"], right=(1,))
    shown = click.unstyle(capsys.readouterr().out)
    assert shown == "  id    n\n  図    1\n  abc  22\n"


def test_facts_when_written_then_go_where_they_belong(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    print_facts([("a", 1), ("long", 2)])
    assert capsys.readouterr().out == "a\t1\nlong\t2\n"
    print_facts([("a", 1), ("long", 2)], err=True)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert click.unstyle(captured.err) == "  a     1\n  long  2\n"


def test_printable_when_text_holds_an_escape_then_it_is_shown() -> None:
    assert printable("ok é 図") == "ok é 図"
    assert printable("\x1b[31mred\n\u202e") == "\\x1b[31mred\\n\\u202e"


def test_display_width_when_marks_combine_then_they_take_no_room() -> None:
    assert display_width("e\u0301") == 1
    assert display_width("図a") == 3


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.004, "0.00 s"),
        (59.94, "59.9 s"),
        (60, "1 min 0 s"),
        (119.7, "2 min 0 s"),
        (3600, "1 h 0 min"),
    ],
)
def test_duration_when_written_then_fits_its_size(seconds: float, text: str) -> None:
    assert duration(seconds) == text
