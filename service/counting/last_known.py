"""
The last numbers that this process saw, for the time when Redis is away.
"""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace

from service.counting.numbers import PageNumbers, SiteNumbers

#: Pages whose last numbers are remembered, of all sites together.
REMEMBERED = 20_000


class LastKnown:
    """
    Remembers numbers, the newest of each site and page.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sites: dict[str, SiteNumbers] = {}
        self._pages: OrderedDict[tuple[str, str], PageNumbers] = OrderedDict()

    def keep(self, site: str, paths: Sequence[str], numbers: SiteNumbers) -> None:
        """
        These are the newest numbers of the site and of these pages.
        """
        with self._lock:
            self._sites[site] = replace(numbers, pages=())
            for path, page in zip(paths, numbers.pages, strict=True):
                if page is not None:
                    self._pages[site, path] = page
                    self._pages.move_to_end((site, path))
            while len(self._pages) > REMEMBERED:
                self._pages.popitem(last=False)

    def of(self, site: str, paths: Sequence[str]) -> SiteNumbers | None:
        """
        The newest numbers of a site, with ``None`` for pages that were never seen.
        """
        with self._lock:
            numbers = self._sites.get(site)
            if numbers is None:
                return None
            return replace(numbers, pages=tuple(self._pages.get((site, path)) for path in paths))
