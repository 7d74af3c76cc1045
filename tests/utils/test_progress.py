"""Progress: drawn on a terminal, silent elsewhere."""

from __future__ import annotations

import io

import pytest

from graphrep._utils import _progress
from graphrep._utils._progress import can_draw, show_progress, silent


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_can_draw_when_stream_is_no_terminal_then_false(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    assert not can_draw(io.StringIO())
    assert can_draw(Terminal())
    monkeypatch.setenv("TERM", "dumb")
    assert not can_draw(Terminal())


def test_show_progress_when_stderr_is_no_terminal_then_is_silent(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with show_progress() as progress:
        assert progress is silent
        progress("work", 1, 2)
    assert capsys.readouterr().err == ""


def test_show_progress_when_rich_is_there_then_draws_the_label(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("rich")
    monkeypatch.setenv("FORCE_COLOR", "1")
    with show_progress(True) as progress:
        for step in range(4):
            progress("propagate [bold]", step, 3)
        progress("of unknown length", 0, 0)
    drawn = capsys.readouterr().err
    assert "propagate [bold]" in drawn
    assert "100%" in drawn
    assert "of unknown length" in drawn


def test_show_progress_when_rich_is_absent_then_click_draws(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        _progress, "find_spec", lambda name: None if name == "rich" else object()
    )
    with show_progress(True) as progress:
        progress("Reading", 0, 0)
        for step in range(4):
            progress("propagate", step, 3)
    drawn = capsys.readouterr().err
    assert "Reading" in drawn
    assert "propagate" in drawn


def test_show_progress_when_the_work_fails_then_the_error_passes() -> None:
    def work() -> None:
        with show_progress(True) as progress:
            progress("work", 0, 0)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
