"""
Groups of commands: listed whole, and misuse told in one line.

A list of commands that ends in dots tells nobody what they do, so each stands with its first
sentence, under a heading where there are many.
"""

from collections.abc import Mapping, Sequence
from typing import IO, Any

import click
from click.exceptions import NoArgsIsHelpError


class Misuse(click.ClickException):
    """
    What was typed is no command, or not as the command takes it; told like every other mistake.
    """

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        """
        One line on standard error.
        """
        click.echo(f"luot: {self.format_message()}", file=file, err=file is None)


class Commands(click.Group):
    """
    A group whose list of commands has whole sentences.
    """

    #: Commands by heading, in the order in which they are listed; empty: one list.
    sections: Mapping[str, Sequence[click.Command]] = {}

    def make_context(self, *arguments: Any, **options: Any) -> click.Context:
        """
        The context of the group.

        :raises Misuse: what stands before the command's name cannot be used
        """
        try:
            return super().make_context(*arguments, **options)
        except click.UsageError as error:
            raise _misuse(error) from None

    def invoke(self, ctx: click.Context) -> Any:
        """
        The command has run.

        :raises Misuse: it cannot be used so
        """
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            raise _misuse(error) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """
        The list is written.
        """
        sections = self.sections or {
            "Commands": [self.commands[name] for name in self.list_commands(ctx)]
        }
        width = max(len(name) for name in self.commands)
        for heading, commands in sections.items():
            with formatter.section(heading):
                # One width for all lists, so that their sentences begin below each other.
                formatter.write_dl(
                    [(str(each.name).ljust(width), _sentence(each)) for each in commands]
                )


def _sentence(command: click.Command) -> str:
    paragraph = (command.help or "").split("\n\n")[0]
    return " ".join(paragraph.split()).rstrip(".")


def _misuse(error: click.UsageError) -> click.ClickException:
    if isinstance(error, NoArgsIsHelpError):
        return error
    said = error.format_message().rstrip(".")
    if isinstance(error, click.BadParameter) and not isinstance(error, click.MissingParameter):
        hint = error.param.get_error_hint(error.ctx) if error.param and error.ctx else ""
        said = f"{hint.strip(chr(39))}: {error.message.rstrip('.')}"
    command = error.ctx.command_path if error.ctx else "luot"
    return Misuse(f"{said}; {command} --help says more")
