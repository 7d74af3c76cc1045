"""One row of a table of bad and odd input, how it is run, and the table as text."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from graphrep.exceptions import GraphWarning


@dataclass(frozen=True)
class Case:
    """One row: a builder, and the error, the warning or the result expected.

    ``says`` is part of the message of the error or warning, ``gives`` the text of
    the result. ``needs`` names a module without which the row is skipped.
    """

    id: str
    given: str
    build: Callable[[], Any]
    raises: type[Exception] | None = None
    warns: type[Warning] | None = None
    says: str = ""
    gives: str = ""
    needs: str | None = None


def run(case: Case) -> tuple[str, str, str]:
    """Build a case; return (kind of outcome, message, text of the result)."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = case.build()
        except Exception as error:
            return type(error).__name__, str(error), ""
    told = [w for w in caught if issubclass(w.category, GraphWarning)]
    kind = type(told[0].message).__name__ if told else "ok"
    return kind, str(told[0].message) if told else "", str(result)


def markdown(cases: list[Case]) -> str:
    """Table of the cases with the messages that they print now."""
    lines = ["| input | outcome | message or result |", "| --- | --- | --- |"]
    for case in cases:
        kind, message, result = run(case)
        text = (message or result).replace("|", "\\|").replace("\n", " ")
        lines.append(f"| {case.given} | {kind} | {text} |")
    return "\n".join(lines)
