"""What fails is left alone for a while, so that nobody waits for it again and again."""

import logging
import threading
import time

logger = logging.getLogger(__name__)


class Breaker:
    """Closed while all is well; after a failure open for a while, then one may try again."""

    PAUSE = 5.0
    """Seconds before the next try."""

    def __init__(self) -> None:
        """Closed."""
        self._lock = threading.Lock()
        self._next_try = 0.0

    def closed(self) -> bool:
        """Whether to try: always while all is well, otherwise once in every pause."""
        if not self._next_try:
            return True
        with self._lock:
            now = time.monotonic()
            if now < self._next_try:
                return False
            self._next_try = now + self.PAUSE
            return True

    @property
    def tripped(self) -> bool:
        """Whether it has failed and not worked since."""
        return self._next_try > 0

    def trip(self, words: str) -> None:
        """It has failed, and is logged so with the exception under way."""
        logger.warning(words, exc_info=True)
        with self._lock:
            self._next_try = time.monotonic() + self.PAUSE

    def close(self) -> None:
        """It has worked."""
        self._next_try = 0.0
