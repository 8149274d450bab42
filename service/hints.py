"""
Telling an operator that a proxy stands in front which the settings do not count.

What a worker finds stands in a file of the data directory, so that ``luot check`` and every
worker's dashboard say it too. It holds no address, and the number of proxies it was found under: a
corrected setting ends it at once.
"""

import logging
from pathlib import Path

from service.clock import Clock
from service.intake.crowds import HOUR_MS, Crowd

log = logging.getLogger(__name__)

#: Milliseconds after which a finding that nobody renews is not told any more.
TOLD_MS = 24 * HOUR_MS

#: What is wrong and what to do, in a sentence.
SENTENCE = (
    "trusted_proxies: nine of ten hits come from one private or loopback address, as if a proxy "
    "stood in front that is not counted; set it to the number of proxies (until then readers are "
    "told apart by their browsers alone, and no rate holds for them)"
)


class ProxyHint:
    """
    What is known of a proxy that is not declared.
    """

    def __init__(self, folder: Path, trusted_proxies: int, clock: Clock) -> None:
        self._file = folder / "undeclared-proxy"
        self._hops = trusted_proxies
        self._clock = clock
        self._crowd = Crowd(clock)
        self._told: tuple[bool, int] | None = None

    def note(self, address: str | None) -> None:
        """
        A hit came from this address; once an hour at most something is logged and written.
        """
        verdict = self._crowd.note(address)
        if verdict is None:
            return
        now = self._clock.now_ms()
        told = verdict, now // HOUR_MS if verdict else 0
        if told == self._told:
            return
        self._told = told
        if verdict:
            log.warning(SENTENCE)
        try:
            if verdict:
                self._file.write_text(f"{now} {self._hops}\n", encoding="ascii")
            else:
                self._file.unlink(missing_ok=True)
        except OSError as error:
            log.warning("a hint cannot be kept", extra={"why": type(error).__name__})

    def is_told(self) -> bool:
        """
        Whether some worker has found it within the last day, under the settings of now.
        """
        try:
            at_ms, hops = map(int, self._file.read_bytes()[:64].split())
        except (OSError, ValueError):
            return False
        return hops == self._hops and self._clock.now_ms() - at_ms < TOLD_MS
