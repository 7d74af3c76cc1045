"""Parts of the documentation that are printed by the code they describe."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import click

_WIDTH = 88


def write_parts(docs: Path) -> None:
    """Write everything into ``_generated``, unchanged files left alone."""
    target = docs / "_generated"
    target.mkdir(exist_ok=True)
    parts = {
        "bad_input.md": bad_input_table(docs.parent),
        "commands.md": command_help(),
        "formats.md": format_table(),
        "hypergraph_formats.md": format_table(hypergraphs=True),
        "terminology_formats.md": terminology_format_table(),
        "presets.md": preset_table(),
        **dict(_beside("how_large").parts()),
    }
    for name, text in parts.items():
        path = target / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def _beside(name: str) -> ModuleType:
    """Import a file that lies beside this one."""
    place = Path(__file__).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(name, place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def bad_input_table(root: Path) -> str:
    """Tables of bad inputs with the messages that they give now."""
    parts = []
    folder = root / "tests" / "bad_input"
    sys.path.insert(0, str(folder))
    run = import_module("bad_input_case").run
    for path in sorted(folder.glob("*cases.py")):
        topic = path.stem.removesuffix("cases").rstrip("_") or "graph"
        lines = [f"## {topic.capitalize()}s", ""]
        lines += ["| given | outcome | message or result |", "| --- | --- | --- |"]
        module = import_module(path.stem)
        for case in module.CASES:
            if case.needs is None or importlib.util.find_spec(case.needs):
                kind, message, result = run(case)
                text = " ".join((message or result).split())
                lines.append(f"| {case.given} | {kind} | {_code(text)} |")
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def _code(text: str) -> str:
    fence = "``" if "`" in text else "`"
    return f"{fence}{text.replace('|', chr(92) + '|')}{fence}" if text else ""


def command_help() -> str:
    """Help of every command, as the terminal shows it."""
    from graphrep.cli._app import app

    os.environ["COLUMNS"] = str(_WIDTH)
    context = click.Context(app, info_name="graphrep")
    return "\n".join(_help_below(app, context))


def _help_below(command: click.Command, context: click.Context) -> Iterator[str]:
    """Help of a command, and of the commands that it groups."""
    title = context.command_path
    yield f"## {title}\n\n```text\n{command.get_help(context)}\n```\n"
    if not isinstance(command, click.Group):
        return
    for name in command.list_commands(context):
        below = command.get_command(context, name)
        inner = click.Context(below, info_name=name, parent=context)
        yield from _help_below(below, inner)


def format_table(*, hypergraphs: bool = False) -> str:
    """Table of the formats of graph files, or of hypergraph files."""
    from graphrep.io import formats, hypergraph_formats

    lines = [
        "| name | suffixes | reads | writes | |",
        "| --- | --- | --- | --- | --- |",
    ]
    for entry in hypergraph_formats() if hypergraphs else formats():
        suffixes = " ".join(f"`{suffix}`" for suffix in entry.suffixes)
        reads, writes = ("yes" if x else "no" for x in (entry.reader, entry.writer))
        lines.append(
            f"| `{entry.name}` | {suffixes} | {reads} | {writes} | "
            f"{entry.description} |"
        )
    return "\n".join(lines) + "\n"


def terminology_format_table() -> str:
    """Table of the formats that terminologies are read from."""
    from graphrep.io import terminology_formats

    lines = ["| name | suffixes | |", "| --- | --- | --- |"]
    for entry in terminology_formats():
        suffixes = " ".join(f"`{suffix}`" for suffix in entry.suffixes)
        lines.append(f"| `{entry.name}` | {suffixes} | {entry.description} |")
    return "\n".join(lines) + "\n"


def preset_table() -> str:
    """Table of FastRP's presets and what they set."""
    from graphrep.embedding import FastRP

    names = ("paper", "classification", "link_prediction", "gds")
    shown = ("weights", "beta", "projection", "output_norm", "degree")
    lines = ["| preset | " + " | ".join(f"`{p}`" for p in shown) + " |"]
    lines.append("| --- " * (len(shown) + 1) + "|")
    for name in names:
        values = FastRP.from_preset(name).get_params()
        cells = " | ".join(f"`{values[p]!r}`" for p in shown)
        lines.append(f"| `{name}` | {cells} |")
    return "\n".join(lines) + "\n"
