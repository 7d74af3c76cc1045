"""Help in sections: options say where they belong, a command lists them so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import click

GENERAL = "General"
Function: TypeAlias = Callable[..., Any]
Decorator: TypeAlias = Callable[[Function], Function]


class SectionOption(click.Option):
    """An option that belongs to a section of the help.

    Parameters
    ----------
    *args, **kwargs
        As for `click.Option`.
    section : str, default="Options"
        Title of the section.
    """

    def __init__(self, *args: Any, section: str = "Options", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.section = section


class SectionCommand(click.Command):
    """A command whose help lists its options section by section."""

    def format_options(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """Write the options below the titles of their sections, the general last."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and isinstance(parameter, click.Option):
                title = getattr(parameter, "section", GENERAL)
                sections.setdefault(title, []).append(record)
        general = sections.pop(GENERAL, [])
        for title, records in [*sections.items(), (GENERAL, general)]:
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)


def option(*names: str, section: str = "Options", **kwargs: Any) -> Decorator:
    """Declare an option in a section of the help; as `click.option` otherwise."""
    return click.option(*names, cls=SectionOption, section=section, **kwargs)
