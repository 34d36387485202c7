"""How taking up changed settings went."""

from msgspec import Struct


class Reloads(Struct):
    """How the last time went, and when the settings in effect were taken up, in nanoseconds since 1970."""

    taken_at: int
    successful: bool = True
