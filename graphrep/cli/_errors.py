"""Exit codes: every way to fail, mapped to a code and one line, in one place."""

from __future__ import annotations

import difflib
import re
import sys
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any

import click

from graphrep.exceptions import (
    DeviceError,
    GraphRepError,
    MemoryLimitError,
    MissingDependencyError,
)

INTERNAL, USAGE, BAD_DATA, NO_PACKAGE, NO_RESOURCE = 1, 2, 3, 4, 5
INTERRUPTED, CLOSED_PIPE, TERMINATED = 130, 141, 143
DEBUG_KEY, COMMAND_KEY = "graphrep.debug", "graphrep.command"
_OF_READING = ("not recognised", "first bytes")
_ADVICE = re.compile(r"\b([Pp]ass|[Cc]hoose other) ([a-z_]+)=([^\s.,;]?)")
_CHOICE = re.compile(r"(?<= --format with one of )[\w, -]+(?=\.)")

_NO_CHOICE = re.compile(r"'(.+)' is not one of ")

# The first class that fits decides.
_CODES: tuple[tuple[type[BaseException], int], ...] = (
    (MissingDependencyError, NO_PACKAGE),
    (MemoryLimitError, NO_RESOURCE),
    (DeviceError, NO_RESOURCE),
    (GraphRepError, BAD_DATA),
    (MemoryError, NO_RESOURCE),
    (OSError, BAD_DATA),
)


class Failure(click.ClickException):
    """A failure with its exit code; click prints the message and exits.

    Parameters
    ----------
    message : str
        One sentence for people.
    exit_code : int
        Code of the process.
    """

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code  # type: ignore[misc]  # one class for all codes

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the message on standard error."""
        label = click.style("Error:", fg="red", bold=True)
        click.echo(f"{label} {self.format_message()}", file=file, err=file is None)


def exit_code_of(error: BaseException) -> int:
    """Exit code for an exception."""
    # scikit-learn's class is recognised by name: importing it would take seconds.
    if any(k.__name__ == "InvalidParameterError" for k in type(error).__mro__):
        return USAGE
    return next((code for kind, code in _CODES if isinstance(error, kind)), INTERNAL)


@contextmanager
def exit_codes(ctx: click.Context) -> Iterator[None]:
    """Turn every exception of the block into a message and its exit code."""
    try:
        yield
        with suppress(AttributeError, ValueError):  # no standard output, or closed
            sys.stdout.flush()
    except (click.ClickException, click.exceptions.Exit) as error:
        if type(error) is click.UsageError:
            text = in_options(error.message, ctx)
            raise click.UsageError(text, error.ctx) from error
        if isinstance(error, click.BadParameter) and (meant := _meant(error)):
            text = f"{error.message}{meant}"
            raise click.BadParameter(
                text, error.ctx, error.param, error.param_hint
            ) from error
        raise
    except BrokenPipeError:
        _forget_stdout()
        raise click.exceptions.Exit(CLOSED_PIPE) from None
    except (KeyboardInterrupt, click.Abort):
        click.echo(err=True)  # the line of the terminal's ^C ends here
        raise Failure("interrupted; no output was written.", INTERRUPTED) from None
    except Exception as error:
        if ctx.meta.get(DEBUG_KEY):
            traceback.print_exc()
        code = exit_code_of(error)
        raise Failure(in_options(_sentence(error, code), ctx), code) from error


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Sentence with what comes closest to a name, behind a blank; or nothing."""
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f" Did you mean {near[0]!r}?" if near else ""


def _meant(error: click.BadParameter) -> str:
    """Sentence with the choice of an option that comes closest to what was given."""
    kind = None if error.param is None else error.param.type
    given = _NO_CHOICE.match(error.message)
    if not isinstance(kind, click.Choice) or given is None:
        return ""
    return did_you_mean(given[1], map(str, kind.choices))


def in_options(text: str, ctx: click.Context | None) -> str:
    """Write the advice of the library, "pass name=", with options of the command."""
    command = ctx.meta.get(COMMAND_KEY) if ctx is not None else None
    if command is None:  # it failed before it began
        return text
    options = [p for p in command.params if isinstance(p, click.Option)]
    long = {p.name: next((o for o in p.opts if o[:2] == "--"), "") for p in options}
    inputs = {p.name: p for p in options if getattr(p, "section", "") == "Input"}
    is_of_reading = any(words in text for words in _OF_READING)
    reads_others = any("-O" in p.opts for p in options)

    def written(match: re.Match[str]) -> str:
        before, name, value = match.groups()
        if name == "format" and is_of_reading and name not in inputs:
            name = "format_in"  # --format is that of the output
        if long.get(name):
            return f"{before} {long[name]}{' ' * bool(value)}{value}"
        of_reader = reads_others and name != "format_in"
        return f"{before} -O {name}={value}" if of_reader else match.group()

    text = _ADVICE.sub(written, text)
    kind = inputs["format"].type if is_of_reading and "format" in inputs else None
    if isinstance(kind, click.Choice):  # a command may read less than the library
        text = _CHOICE.sub(", ".join(map(str, kind.choices)), text)
    return text


def _sentence(error: Exception, code: int) -> str:
    text = str(error)
    if isinstance(error, OSError) and error.strerror:
        text = f"{error.strerror}: {error.filename}" if error.filename else text
    if code == INTERNAL:
        first = text.splitlines()[0] if text else "no message"
        return (
            f"{type(error).__name__}: {first} (this is a fault of graphrep; "
            "--debug shows where)"
        )
    if type(error) is MemoryError:
        return f"Out of memory. {text}".strip()
    return text or type(error).__name__


def _forget_stdout() -> None:
    """Let what is left in the buffer of a closed pipe go nowhere, silently."""
    import os

    with suppress(OSError, AttributeError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
