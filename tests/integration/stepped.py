"""The service on a machine whose wall clock is wrong, and is stepped: `python -m tests.integration.stepped OFFSET …`.

Its wall clock is OFFSET seconds ahead of the machine's. SIGUSR1 sets it an hour on, SIGUSR2 an hour back, and a line on
the standard output says so. What follows OFFSET is the service's own command line.
"""

import signal
import sys
import time
from collections.abc import Callable
from types import FrameType

HOUR_S = 3_600
SECOND = 10**9
ON, BACK = signal.SIGUSR1, signal.SIGUSR2
STEPPED = "the wall clock was stepped"


class WallClock:
    """Stands in for the `time` module's."""

    def __init__(self, ahead_s: int) -> None:
        self._ahead_s = ahead_s
        self._time, self._time_ns = time.time, time.time_ns
        self._gettime, self._gettime_ns = time.clock_gettime, time.clock_gettime_ns

    def install(self) -> None:
        """From now on everybody in this process is told the wrong time."""
        time.time = lambda: self._time() + self._ahead_s
        time.time_ns = lambda: self._time_ns() + self._ahead_s * SECOND
        time.clock_gettime = lambda which: self._gettime(which) + self._of(which)
        time.clock_gettime_ns = lambda which: self._gettime_ns(which) + self._of(which) * SECOND
        signal.signal(ON, self._stepping(HOUR_S))
        signal.signal(BACK, self._stepping(-HOUR_S))

    def _of(self, which: int) -> int:
        return self._ahead_s if which == time.CLOCK_REALTIME else 0

    def _stepping(self, seconds: int) -> Callable[[int, FrameType | None], None]:
        def step(_: int, __: FrameType | None) -> None:
            self._ahead_s += seconds
            sys.stdout.write(f"{STEPPED} by {seconds} s\n")
            sys.stdout.flush()

        return step


if __name__ == "__main__":
    WallClock(int(sys.argv[1])).install()
    from ticker.cli import main  # behind the clock: whoever takes it from the module has the wrong one, too

    main(sys.argv[2:])
