"""Progress: drawn on a terminal, silent elsewhere."""

from __future__ import annotations

import io
import sys
import threading

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


class Clock:
    """Time that goes on only by waiting, as far as an end."""

    def __init__(self, end: float) -> None:
        self.now, self._end = 1000.0, 1000.0 + end

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> bool:
        self.now += seconds
        return self.now > self._end


def test_lines_when_time_goes_on_then_fewer_and_fewer_and_none_at_first(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def lines(end: float, *said: tuple[str, int, int]) -> list[str]:
        clock, state = Clock(end), _progress.LastState()
        for one in said:
            state(*one)
        _progress.print_now_and_then(state, clock.wait, clock)
        return capsys.readouterr().err.splitlines()

    assert lines(29, ("Reading", 0, 0)) == []
    assert lines(100) == []  # nothing was said
    assert lines(100, ("Reading", 0, 0)) == [
        "Reading (0:30 so far)", "Reading (1:00 so far)", "Reading (1:30 so far)"
    ]  # fmt: skip
    assert lines(59, ("Read", 0, 0), ("Walk\x1b[2J", 5000, 20_000)) == [
        "Walk?[2J, 5,000 of 20,000 (0:30 so far)"
    ]
    hours = len(lines(36_000, ("Training", 0, 0)))
    assert 40 < hours < 80


def test_show_progress_when_lines_are_asked_for_then_a_pipe_gets_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written = threading.Event()

    class Pipe(io.StringIO):
        def flush(self) -> None:
            written.set()

    pipe = Pipe()
    monkeypatch.setattr(sys, "stderr", pipe)
    monkeypatch.setattr(_progress, "_EVERY", 0.001)
    with show_progress(lines=True) as progress:
        progress("Training", 3, 7)
        assert written.wait(60)
    assert "Training, 3 of 7 (0:00 so far)\n" in pipe.getvalue()
    n_threads = threading.active_count()
    with show_progress(lines=True):
        assert threading.active_count() == n_threads + 1
    assert threading.active_count() == n_threads
    with show_progress(False, lines=True) as progress:  # --quiet
        assert progress is silent


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
