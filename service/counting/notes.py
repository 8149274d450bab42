"""
What the scheduler tells whoever is asked for metrics: in Redis, because it may run on any host.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from service.counting.keys import NOTES
from service.counting.store import Store


@dataclass(frozen=True, slots=True)
class Note:
    """
    One number, of a job or of a site.
    """

    #: What is told, such as ``failures``.
    what: str
    #: The job or site that it is told of.
    of: str

    @property
    def field(self) -> str:
        """
        What it is called in Redis.
        """
        return f"{self.what} {self.of}"


def set_notes(store: Store, notes: Mapping[Note, float]) -> None:
    """
    Each number is what is told from here on.
    """
    told = {note.field: repr(float(value)) for note, value in notes.items()}
    store.guarded(store.commands.hset, NOTES, mapping=told)


def add_note(store: Store, note: Note, many: int) -> None:
    """
    A number has grown.
    """
    store.guarded(store.commands.hincrby, NOTES, note.field, many)


def read_notes(store: Store) -> dict[Note, float]:
    """
    All numbers.
    """
    rows = store.guarded(store.commands.hgetall, NOTES)
    found = {}
    for field, value in rows.items():
        what, _, of = field.partition(" ")
        found[Note(what, of)] = float(value)
    return found
