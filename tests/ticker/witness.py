"""What a client may see: the protocol's promises, checked message by message as they are written.

A simple model beside the real thing. It knows what the client asked for from the acks alone, and what was published
from the test.
"""

from collections.abc import Mapping
from fnmatch import fnmatchcase

from feeds.timestamps import SECOND
from tests.ticker.fakes import Message

CHANNEL_OF = {
    "quote": "quotes",
    "trade": "trades",
    "bar": "bars",
    "stats": "stats",
    "ticker": "ticker",
    "status": "status",
}

Key = tuple[str, str]  # channel, of bars with the interval as in `bars 1m`, and symbol
Rate = float | None

HEAD = {"type", "symbol", "seq", "time", "received", "epoch", "snapshot", "interval", "start", "closed"}
LONGEST_WAIT = 1.25  # periods that a thinned value waits at most


def stream(channel: str, interval: str | None) -> str:
    """A channel, of bars with the interval: what a subscription is known by besides its name."""
    return channel if interval is None else f"{channel} {interval}"


class Book:
    """What a client is subscribed to: an exact name beats a pattern, a newer pattern an older one."""

    def __init__(self) -> None:
        self.rates: dict[Key, Rate] = {}  # by channel and name as written
        self.fields: dict[Key, list[str] | None] = {}

    def covering(self, channel: str, symbol: str) -> Key | None:
        """The subscription that decides over a topic."""
        if (channel, symbol) in self.rates:
            return channel, symbol
        patterns = [key for key in self.rates if key[0] == channel and fnmatchcase(symbol, key[1])]
        return patterns[-1] if patterns else None

    def rate(self, channel: str, symbol: str) -> Rate:
        """The rate in effect for a topic that is covered."""
        key = self.covering(channel, symbol)
        assert key is not None
        return self.rates[key]

    def has(self, symbol: str) -> bool:
        """Whether anything of the symbol is covered: then its status comes along."""
        return any(self.covering(channel, symbol) for channel in {channel for channel, _ in self.rates})

    def ack(self, message: Message) -> None:
        """A request took effect."""
        channel = stream(message["channel"], message["interval"])
        for name in message["symbols"]:
            if message["op"] == "subscribe":
                self.rates[channel, name], self.fields[channel, name] = message["max_rate"], message["fields"]
        if message["op"] == "unsubscribe":
            every = message["channel"] == "bars" and message["interval"] is None
            ended = [key for key in self.rates if key[1] in message["symbols"]]
            for key in ended:
                if key[0] == channel or (every and key[0].startswith("bars ")):
                    del self.rates[key], self.fields[key]


class Witness:
    """Reads what one client is sent. Raises AssertionError where a promise is broken."""

    def __init__(self) -> None:
        self.book = Book()
        self.position: dict[Key, int] = {}  # the last seq of each topic; of trades all came up to it, or were told lost
        self.got: set[tuple[str, str, int]] = set()  # live updates
        self.losses = 0  # gaps of the feed's own
        self.bars: dict[tuple[str, str, str], tuple[int, bool]] = {}  # each one's newest seq, and whether it is closed
        self.began: dict[Key, int] = {}  # the seq of each topic from which on it comes
        self._plain: set[Key] = set()  # topics that have been unthinned since they were covered
        self._told: set[str] = set()  # symbols whose status came
        self._last_trade = -1
        self._sent_at: dict[Key, int] = {}  # the last live update of each topic since an ack or a stall
        self._stalled = self._changing = False
        self._begins: set[Key] = set()  # topics that nothing covered before the last request
        self._published: dict[Key, int] = {}  # the seq of each topic at the last request
        self._snapshots: set[Key] = set()  # topics of which the last thing that came was a snapshot

    def note(self, channel: str, symbol: str, seq: int) -> None:
        """A request is about to be made; should it cover the topic anew, that begins after this seq."""
        self._published[channel, symbol] = seq
        if not self.book.covering(channel, symbol):
            self.position[channel, symbol] = self.began[channel, symbol] = seq
            self._begins.add((channel, symbol))

    def synced(self, newest: Mapping[Key, int]) -> None:
        """What the last request covers is live from here on; before, that may take a slow client a while."""
        for key in self._begins:
            if self.book.covering(*key):
                self.position[key] = max(self.position[key], newest[key])
                self.began[key] = newest[key]
        self._begins.clear()
        self._changing = False

    def read(self, message: Message, now: int) -> None:
        """The next message, written at `now`."""
        kind = message["type"]
        if kind == "ack":
            self.book.ack(message)
            self._changing = message["op"] == "subscribe"
            self._forget_uncovered()
        elif kind == "gap":
            self._gap(message)
        elif kind in CHANNEL_OF:
            key = (stream(CHANNEL_OF[kind], message.get("interval")), message["symbol"])
            self._allowed(key)
            self._chosen(key, message)
            if kind == "trade":
                self._trade(message)
            elif kind != "bar" or self._bar(key, message):
                self._state(key, message, now)

    def late(self, channel: str, symbol: str, seq: int, quiet_s: float) -> bool:
        """Whether a value that is `quiet_s` old should have come by now."""
        covered = self.book.covering(channel, symbol)
        rate = self.book.rates[covered] if covered else None
        return rate is not None and quiet_s * rate >= LONGEST_WAIT and self.position[channel, symbol] < seq

    def stalled(self) -> None:
        """The client does not read: once it does, what is thinned comes at once, and soon or even twice after that."""
        self._stalled = True
        self._sent_at.clear()

    def drained(self) -> None:
        """The client has read what it had missed."""
        self._stalled = False

    def _forget_uncovered(self) -> None:
        for channel, symbol in list(self._plain):
            if self.book.covering(channel, symbol) is None or self.book.rate(channel, symbol) is not None:
                self._plain.discard((channel, symbol))
        self._told = {symbol for symbol in self._told if self.book.has(symbol)}
        self._sent_at.clear()

    def _allowed(self, key: Key) -> None:
        channel, symbol = key
        if channel == "status":
            assert self.book.has(symbol), f"status of {symbol}, of which nothing is subscribed"
            self._told.add(symbol)
        else:
            assert self.book.covering(channel, symbol), f"{key} comes without its ack, or after that of its end"
            assert symbol in self._told, f"{key} comes before its status"

    def _chosen(self, key: Key, message: Message) -> None:
        """A message has the fields that were chosen; while they are being changed, it may have the old ones."""
        covered = self.book.covering(*key)
        fields = self.book.fields[covered] if covered else None
        if not self._changing:
            assert fields is None or set(message) - HEAD == set(fields), f"{key} has not the fields {fields}"
            assert fields is not None or len(set(message) - HEAD) > 3, f"{key} has not all fields"

    def _state(self, key: Key, message: Message, now: int) -> None:
        seq, last = message["seq"], self.position.get(key, 0)
        assert seq >= last, f"{key} goes back from {last} to {seq}"
        self.position[key] = seq
        covered = self.book.covering(*key)
        rate = self.book.rates[covered] if covered else None
        if "snapshot" in message:
            self._snapshots.add(key)
            if rate is None:
                self._plain.add(key)
            return
        seam = key in self._snapshots or key not in self._sent_at
        assert seq > last or (seam and key not in self._plain), f"{key} repeats {seq}"
        self._snapshots.discard(key)
        self.got.add((*key, seq))
        if message.get("closed"):  # goes at once, at whatever rate
            return
        if rate is not None and key in self._sent_at:
            assert (now - self._sent_at[key]) * rate >= SECOND, f"{key} comes more than {rate} times a second"
        held_back = seq <= self._published[key]  # until the request, which set it free: it does not count
        if not self._stalled and not held_back:
            self._sent_at[key] = now

    def _bar(self, key: Key, message: Message) -> bool:
        """One bar goes neither back nor open again; whether it is more than an older one in a snapshot of many."""
        bar, seq, closed = (*key, message["start"]), message["seq"], message["closed"]
        last, was_closed = self.bars.get(bar, (0, False))
        assert seq >= last, f"{bar} goes back from {last} to {seq}"
        assert closed or not was_closed, f"{bar} opens again"
        self.bars[bar] = (seq, closed)
        return "snapshot" not in message or seq >= self.position.get(key, 0)

    def _trade(self, message: Message) -> None:
        symbol, seq, number = message["symbol"], message["seq"], int(message["price"])
        last = self.position["trades", symbol]
        if "snapshot" in message:  # it may have become retained while the client was slow to take the others
            self.position["trades", symbol] += seq == last + 1
            return
        assert seq == last + 1, f"trade {seq} of {symbol} follows {last}"
        assert number > self._last_trade, "trades are not in publish order across symbols"
        self.position["trades", symbol], self._last_trade = seq, number
        self.got.add(("trades", symbol, seq))

    def _gap(self, message: Message) -> None:
        symbol, first, last, missed = (message[name] for name in ("symbol", "from_seq", "to_seq", "missed"))
        self._allowed(("trades", symbol))
        if message["reason"] == "feed":
            assert first is None
            assert last is None
            self.losses += 1
        elif first is not None:
            before = self.position["trades", symbol]
            assert first == before + 1, f"a gap of {symbol} from {first} follows {before}"
            assert last >= first
            assert missed is None or missed >= last - first + 1
            self.position["trades", symbol] = last
