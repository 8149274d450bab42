"""
What a hit says in each dimension.

Made anew for every hit, so the tuple is written down in the order of ``Dimension``.
"""

from functools import lru_cache

from service.dimensions import NONE, UNKNOWN
from service.intake.agents import Agent
from service.intake.payloads import ENGAGEMENT, Payload
from service.intake.sources import Campaign, Source
from service.intake.text import printable

#: Widths in CSS pixels from which a screen belongs to the next class.
SCREENS = ((600, "phone"), (1024, "tablet"), (1600, "desktop"))

#: Characters of a section's and of an author's name.
NAME_CHARACTERS = 128

#: Tags of a page, and characters of each.
TAGS, TAG_CHARACTERS = 10, 64

#: Characters of an ``Accept-Language`` header that is remembered; few are longer.
REMEMBERED_CHARACTERS = 128


def values(
    payload: Payload, what: Agent, where: Source, came: Campaign, country: str, spoken: str
) -> tuple[tuple[str, ...], ...]:
    """
    The values of every dimension, in the order of ``Dimension``.

    :param spoken: the language of the page's reader
    """
    return (
        (where.name,),
        (where.channel,),
        (where.page,),
        (came.name or NONE,),
        (came.medium or NONE,),
        (came.term or NONE,),
        (came.content or NONE,),
        (country,),
        (spoken,),
        (what.browser,),
        (what.system,),
        (what.device,),
        (screen(payload.width),),
        event_name(payload),
        (_name(payload.section),),
        (_name(payload.author),),
        tags(payload),
    )


def event_name(payload: Payload) -> tuple[str, ...]:
    """
    The name of an event; nothing for a view or for attention.
    """
    return (payload.event,) if payload.event and payload.event != ENGAGEMENT else ()


def language(tags: str) -> str:
    """
    The first language of a tag or of an ``Accept-Language`` header, without its region.
    """
    return _remembered(tags) if len(tags) <= REMEMBERED_CHARACTERS else _language(tags)


def _language(tags: str) -> str:
    first = tags.partition(",")[0].partition(";")[0].strip()
    primary = first.replace("_", "-").partition("-")[0].lower()
    return (
        primary if primary.isascii() and primary.isalpha() and len(primary) in {2, 3} else UNKNOWN
    )


def screen(width: int | None) -> str:
    """
    The class of a screen by its width in CSS pixels.
    """
    if width is None:
        return UNKNOWN
    for below, name in SCREENS:
        if width < below:
            return name
    return "wide"


def tags(payload: Payload) -> tuple[str, ...]:
    """
    The page's tags: the first ten, each cut to 64 characters, each once.
    """
    if not payload.tags:
        return ()
    kept = (printable(tag)[:TAG_CHARACTERS] for tag in payload.tags[:TAGS])
    return tuple(dict.fromkeys(tag for tag in kept if tag))


def are_cut(told: list[str]) -> bool:
    """
    Whether tags are more or longer than is kept.
    """
    return len(told) > TAGS or any(len(tag) > TAG_CHARACTERS for tag in told)


def _name(told: str | None) -> str:
    return (printable(told)[:NAME_CHARACTERS] or NONE) if told else NONE


_remembered = lru_cache(maxsize=512)(_language)
