"""The command line: parse, call the Python interface, render."""

from graphrep.cli._app import app, main

__all__ = ["app", "main"]
