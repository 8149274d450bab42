"""
``luot doctor``: where a hit stops on its way from the public URL to the report.
"""

import sys

import click

from service.commands.options import opened, site_in, site_option, with_settings
from service.errors import SettingsError
from service.hosts import http_url
from service.jobs.following import Follower, Step
from service.settings import Settings

#: Seconds beyond a snapshot's interval that the scheduler is waited for.
_MORE = 30


@click.command("doctor")
@site_option
@click.option("--url", default="http://127.0.0.1:8000", show_default=True, help="The public URL.")
@click.option("--wait", type=click.IntRange(0, 7_200), help="Seconds to wait for a snapshot.")
@with_settings
def doctor(settings: Settings, site: str, url: str, wait: int | None) -> None:
    """
    Sends a test hit through the public URL and follows it to the report.

    It is filtered as a test, and in none of the numbers.
    """
    if http_url(url) is None:
        raise SettingsError(
            ["--url: must be the address of Luot, such as https://stats.example.vn"]
        )
    runtime = opened(settings)
    patience = settings.snapshot_seconds + _MORE if wait is None else wait
    follower = Follower(runtime, site_in(runtime, site), url, patience)

    def tell(step: Step) -> None:
        click.echo(f"{'ok' if step.is_reached else 'STOPS':>5}  {step.name}: {step.said}")

    if not follower.follow(tell):
        sys.exit(1)
    click.echo("the whole way is clear")
