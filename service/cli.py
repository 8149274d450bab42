"""
The command ``luot``: joins the commands.
"""

import sys
from pathlib import Path

import click

from service import __version__
from service.commands import (
    backups,
    baselines,
    checks,
    corrections,
    doctor,
    exports,
    imports,
    repairs,
    reports,
    retention,
    serve,
    shares,
    sites,
    snippets,
    titles,
    tokens,
    work,
)
from service.commands.groups import Commands
from service.commands.options import settings_options


@click.group(cls=Commands)
@settings_options
@click.version_option(__version__)
def luot(config: Path | None, data: Path | None) -> None:  # the commands read both from here
    """
    Counts the hits of a publisher's pages, once, and shows the numbers at once.
    """


luot.sections = {
    "Run it": (
        serve.serve,
        checks.check,
        doctor.doctor,
        serve.web,
        serve.scheduler,
        serve.migrate_command,
    ),
    "Put it on pages": (snippets.snippet, titles.title),
    "Read the numbers": (reports.report, exports.export, tokens.token, shares.share),
    "Move in": (imports.import_group, baselines.baseline),
    "Correct": (corrections.page, corrections.remove, corrections.correction),
    "Keep, and give up": (backups.backup, backups.restore, retention.retention, sites.site),
    "The scheduler's work, by hand": (
        work.snapshot,
        work.job,
        repairs.reconcile,
        repairs.rebuild,
    ),
}

for section in luot.sections.values():
    for command in section:
        luot.add_command(command)


def main() -> None:
    """
    Runs the command line.
    """
    # A terminal without UTF-8 shows what it can; click ends quietly when a reader has seen enough.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    luot(prog_name="luot")


if __name__ == "__main__":
    main()
