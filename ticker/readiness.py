"""Whether the service takes work: told by /readyz, and to those who come at the wrong time."""

import random
from typing import Literal

from msgspec import Struct

RETRY_SPREAD_MS = (500, 5_000)  # clients that are sent away together come back apart


class Readiness(Struct):
    """Whether the service is to get traffic, and whether it sends its clients away, which begins a while later."""

    state: Literal["starting", "ready", "draining"] = "starting"
    sends_away: bool = False


def retry_after_ms() -> int:
    """When a client that is sent away is to come back."""
    return random.randint(*RETRY_SPREAD_MS)
