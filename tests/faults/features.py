"""
What the service under test, and the machine it stands on, are able to do.

A row that needs something that is not there says so loudly instead of passing.
"""

import os
import shutil
import sys
from enum import StrEnum
from pathlib import Path

from service.configuration import OTHER_VARIABLES
from service.settings import Settings


class Feature(StrEnum):
    """
    Something that a row needs.
    """

    #: The service keeps a journal.
    JOURNAL = "a journal of hits"
    #: The service can be told to die at a step.
    CRASHES = "the hook that ends a process at a step (LUOT_TEST_CRASH_AT, which settings refuse)"
    #: The service gives Redis back what it lost.
    RESTORE = "restore of a Redis that was wiped"
    COMPILER = "a C compiler (cc)"
    MOUNT = "root and mount, for a file system that is small"
    TUN = "root, ip and /dev/net/tun, for a network that loses packets"


def journal_is_there() -> bool:
    """
    Whether hits are kept in a journal unless a setting says otherwise.
    """
    return str(Settings.model_fields["durability"].default) == "journal"


def _is_root() -> bool:
    return sys.platform == "linux" and os.geteuid() == 0


def has(feature: Feature) -> bool:
    """
    Whether it is there.
    """
    if feature in {Feature.JOURNAL, Feature.RESTORE}:
        return journal_is_there()
    if feature is Feature.CRASHES:
        return "LUOT_TEST_CRASH_AT" in OTHER_VARIABLES
    if feature is Feature.COMPILER:
        return shutil.which("cc") is not None
    if feature is Feature.MOUNT:
        return _is_root() and shutil.which("mount") is not None
    return _is_root() and shutil.which("ip") is not None and Path("/dev/net/tun").exists()
