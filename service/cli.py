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
from service.commands.options import settings_options


@click.group()
@settings_options
@click.version_option(__version__)
def luot(config: Path | None, data: Path | None) -> None:  # the commands read both from here
    """
    Counts the hits of a publisher's pages, once, and shows the numbers at once.
    """


for command in (
    serve.serve,
    serve.web,
    serve.scheduler,
    serve.migrate_command,
    checks.check,
    tokens.token,
    shares.share,
    work.snapshot,
    work.job,
    baselines.baseline,
    imports.import_group,
    reports.report,
    snippets.snippet,
    titles.title,
    exports.export,
    repairs.reconcile,
    repairs.rebuild,
    corrections.page,
    corrections.remove,
    corrections.correction,
    retention.retention,
    sites.site,
    backups.backup,
    backups.restore,
    doctor.doctor,
):
    luot.add_command(command)


def main() -> None:
    """
    Runs the command line.
    """
    # A terminal without UTF-8 shows what it can; click ends quietly when a reader has seen enough.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    luot()


if __name__ == "__main__":
    main()
