"""How many closed bars each topic may keep: all of them together take no more than their share of the memory."""

from msgspec import Struct

# What a kept bar takes: tests/ticker/test_room.py measures 150 to 240 bytes.
BAR_BYTES = 240


class Room(Struct):
    """Shared by the topics that keep bars. `bytes_most`: for all of them; None: they are bounded elsewhere.

    The room is divided evenly: a topic that has fewer bars leaves nothing to the others, so that what one keeps does
    not depend on what comes for another.
    """

    each_most: int
    bytes_most: int | None = None
    topics: int = 0
    kept: int = 0

    @property
    def most(self) -> int:
        """How many bars one topic may keep."""
        if self.bytes_most is None:
            return self.each_most
        return min(self.each_most, self.bytes_most // (BAR_BYTES * max(1, self.topics)))

    @property
    def reserved(self) -> int:
        """How many bytes the topics' bars may take."""
        return self.most * self.topics * BAR_BYTES

    @property
    def size(self) -> int:
        """What is kept takes so many bytes, as an estimate."""
        return self.kept * BAR_BYTES
