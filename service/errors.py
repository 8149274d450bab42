"""
The exceptions of Luot, one tree.

::

    LuotError
    ├── SettingsError        what the operator wrote cannot be used
    ├── Rejected             what a client sent cannot be counted
    ├── StoreError           Redis
    │   ├── StoreUnavailable it is away, slow or refuses writes
    │   ├── StoreUnfit       it runs, but not as Luot needs it
    │   ├── SiteNotOpen      this site has to be confirmed or restored first
    │   └── LaneBroken       a producer's batches no longer follow on each other
    ├── JournalFailed        the disk does not take the hits that would be acknowledged
    ├── ArchiveError         SQL
    │   ├── ArchiveUnavailable it is away or locked
    │   └── ArchiveBehind    SQL has lost something that Redis knows it had
    ├── CorrectionRefused    numbers cannot be changed in the way that was asked
    ├── RestoreNeeded        Redis has lost a site that SQL holds
    ├── BackupRefused        a backup cannot be restored
    └── ImportRefused        a file to import is not as it must be

Errors of libraries are translated where they leave the library, with ``from``.
"""

from enum import StrEnum


class Reason(StrEnum):
    """
    The words behind ``Luot-Result: rejected; reason=``.
    """

    MALFORMED = "malformed"
    SITE = "site"
    ORIGIN = "origin"
    HOST = "host"
    TOKEN = "token"  # noqa: S105 - a reason, not a secret
    TYPE = "type"
    SIZE = "size"
    RATE = "rate"
    STORAGE = "storage"
    LIMIT = "limit"


class LuotError(Exception):
    """
    Anything that Luot itself raises.
    """


class SettingsError(LuotError):
    """
    Settings cannot be used; every mistake is in ``mistakes``, one sentence each.
    """

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        #: One sentence for each mistake, beginning with the key.
        self.mistakes = mistakes


class Rejected(LuotError):
    """
    A request or an item cannot be counted; nothing was changed by it.
    """

    def __init__(self, reason: Reason, field: str | None = None, status: int = 400) -> None:
        super().__init__(f"{reason}: {field}" if field else str(reason))
        self.reason = reason
        #: The name of the part that is wrong, never its value.
        self.field = field
        #: The HTTP status that says the same.
        self.status = status


class StoreError(LuotError):
    """
    Something about Redis.
    """


class StoreUnavailable(StoreError):
    """
    Redis did not answer in time, or refused to write; the call may be sent again.
    """


class StoreUnfit(StoreError):
    """
    Redis answers, but its version or settings would lose hits; the message names what to change.
    """


class SiteNotOpen(StoreError):
    """
    The site's numbers in Redis have another epoch, server or phase than the caller expects.
    """


class LaneBroken(StoreError):
    """
    Redis has not seen the batch before this one; nothing of it was applied.
    """

    def __init__(self, last: int) -> None:
        super().__init__(f"a batch is missing after {last}")
        #: The last ``seq`` that Redis has of this producer.
        self.last = last


class JournalFailed(LuotError):
    """
    A batch could not be kept on disk; nothing of it was acknowledged and nothing is sent.
    """


class ArchiveError(LuotError):
    """
    Something about SQL.
    """


class ArchiveUnavailable(ArchiveError):
    """
    The database did not answer, is locked or read-only; nothing was written.
    """


class ArchiveBehind(ArchiveError):
    """
    SQL's last snapshot of a site is not the one that Redis continues: SQL has lost something.
    """


class RestoreNeeded(LuotError):
    """
    Redis no longer has the numbers of a site that SQL holds; nothing is counted or snapshotted.
    """


class ImportRefused(LuotError):
    """
    A file cannot be imported; nothing of it was added. The message names line and column.
    """


class CorrectionRefused(LuotError):
    """
    Numbers cannot be changed as asked; nothing was changed. The message says why.
    """


class BackupRefused(LuotError):
    """
    A backup cannot be restored; nothing was changed. The message says why.
    """
