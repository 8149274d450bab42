"""
The pages that are read now, as Redis holds them: views, each worth half after every half-life.
"""

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from service.counting.keys import SiteKeys
from service.counting.numbers import PageNumbers, parse_page
from service.counting.store import Store

#: Pages that one question may ask for.
LARGEST = 200

#: A page whose views are worth less than this is not read now.
LEAST = 0.01


@dataclass(frozen=True, slots=True)
class Trend:
    """
    A page that is read now.
    """

    path: str
    #: Its views, weighed by their age at ``Trends.changed_ms``.
    score: float
    #: All its views, with those of an older counter.
    views: int


@dataclass(frozen=True, slots=True)
class Trends:
    """
    The pages that are read now, most first.
    """

    #: When a number last changed, in ms since 1970; 0 when none ever did.
    changed_ms: int
    half_life_ms: int
    pages: tuple[Trend, ...] = ()


def read_trends(store: Store, site: str) -> Trends:
    """
    The pages of a site with the largest scores.

    Scores are as of the last change: since then all have lost alike, so their order is the same.
    :raises SiteNotOpen: while the site is being confirmed or restored
    """
    keys = SiteKeys(site)
    changed, landmark, half_life, found, rows = store.read(
        "trending", [keys.state, keys.pages, keys.trending], [LARGEST]
    )
    worth = 2.0 ** ((int(landmark) - int(changed)) / int(half_life))
    scores: Counter[str] = Counter()
    known: dict[str, PageNumbers] = {}
    for (path, score), row in zip(list(pairwise(found))[::2], rows, strict=True):
        page = parse_page(row)
        if page is not None:
            # Where a page has moved to it stands twice, with a part of its score each time.
            scores[path] += float(score) * worth
            known[path] = page
    # A view is worth 1 at most, so a score above the views is of some that were removed since.
    least = {path: min(score, known[path].total.views) for path, score in scores.items()}
    pages = [
        Trend(path, score, known[path].total.views + known[path].baseline_views)
        for path, score in sorted(least.items(), key=lambda one: -one[1])
        if score >= LEAST
    ]
    return Trends(int(changed), int(half_life), tuple(pages))
