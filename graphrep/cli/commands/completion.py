"""``graphrep completion``: scripts that complete commands and options in a shell."""

from __future__ import annotations

import click

_SHELLS = ("bash", "zsh", "fish")
_VARIABLE = "_GRAPHREP_COMPLETE"


@click.command()
@click.argument("shell", type=click.Choice(_SHELLS))
def completion(shell: str) -> None:
    """Print a shell's completion script.

    \b
    bash  eval "$(graphrep completion bash)"                     in ~/.bashrc
    zsh   eval "$(graphrep completion zsh)"                      in ~/.zshrc
    fish  graphrep completion fish > ~/.config/fish/completions/graphrep.fish
    """  # noqa: D301
    from click.shell_completion import get_completion_class

    from graphrep.cli._app import app

    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"click has no completion for {shell}.")
    click.echo(kind(app, {}, "graphrep", _VARIABLE).source())
