"""
``luot import``: history from elsewhere.
"""

import click

from service.archive.history import Tool
from service.commands.baselines import import_file
from service.commands.groups import Commands
from service.commands.histories import tool_command
from service.commands.logs import import_log


@click.group("import", cls=Commands)
def import_group() -> None:
    """
    History from elsewhere.
    """


import_group.add_command(import_file)
import_group.add_command(import_log)
for _tool in Tool:
    import_group.add_command(tool_command(_tool))
