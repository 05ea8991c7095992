"""`headrace completion`: how to have commands completed by the shell."""

from __future__ import annotations

import click

_LINES = {
    "bash": 'eval "$(_HEADRACE_COMPLETE=bash_source headrace)"   # in ~/.bashrc',
    "zsh": 'eval "$(_HEADRACE_COMPLETE=zsh_source headrace)"   # in ~/.zshrc',
    "fish": "_HEADRACE_COMPLETE=fish_source headrace | source   # in config.fish",
}


@click.command()
@click.argument("shell", type=click.Choice(sorted(_LINES)), required=False)
def command(shell: str | None) -> None:
    """Show the line that makes SHELL complete the commands of headrace."""
    for line in [_LINES[shell]] if shell else _LINES.values():
        click.echo(line)
