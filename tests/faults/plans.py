"""
How a deployment is built, and the settings that say so to its processes.
"""

from dataclasses import dataclass
from pathlib import Path

from service.settings import Settings
from tests.faults.features import journal_is_there
from tests.faults.ledger import SET, SHARED

SITES = (SET, SHARED)


@dataclass(frozen=True, slots=True)
class Plan:
    """
    How a world is built; rows with the same plan may share one.
    """

    #: Whether the web speaks to the store through a link that can be broken.
    linked: bool = False
    durability: str = "journal"
    timezone: str = "UTC"
    snapshot_seconds: int = 1
    #: Other settings, as pairs.
    settings: tuple[tuple[str, object], ...] = ()
    #: A library that is loaded into the store's, or the web's, processes.
    store_preload: Path | None = None
    web_preload: Path | None = None
    #: URL of PostgreSQL; empty: SQLite.
    database_url: str = ""
    #: Whether the clocks of web and scheduler can be shifted.
    shifted: bool = False
    #: Steps at which web processes end themselves.
    web_crash: str = ""
    #: Whether journal and quarantine lie on a file system of so many KiB.
    small_journal_kib: int = 0
    #: The same for the whole of the store's folder.
    small_store_kib: int = 0
    small_sql_kib: int = 0
    #: Whether the store is a cluster of three.
    is_cluster: bool = False


def settings_file(plan: Plan, data: Path, store_url: str) -> str:
    """
    The settings as a file; those that this version does not know are left out.
    """
    known = Settings.model_fields
    told: dict[str, object] = {
        "data_dir": str(data),
        "redis_url": store_url,
        "database_url": plan.database_url,
        "durability": plan.durability if journal_is_there() else "redis",
        "snapshot_seconds": plan.snapshot_seconds,
        "trusted_proxies": 1,
        "flood_per_minute": 0,
        "rate_per_second": 0,
        "access_log": False,
        "pages_per_day": 1_000_000,
        "restore_wait_seconds": 15,
        **dict(plan.settings),
    }
    lines = [f"{name} = {_toml(value)}" for name, value in told.items() if name in known]
    for site in SITES:
        lines += [f"[sites.{site}]", f'name = "{site}"', f'hosts = ["{site}.example"]']
        lines += [f'timezone = "{plan.timezone}"']
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else f'"{value}"'
