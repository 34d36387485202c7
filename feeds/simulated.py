"""The simulated feed: a seeded, lifelike market that needs no network, for demos, tests and measurements."""

from collections.abc import Callable, Iterator, Sequence
from itertools import count
from math import inf
from random import Random
from typing import Annotated, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from feeds.adapter import FeedOptions
from feeds.archive import NOTHING, Wanted, planned
from feeds.counts import FeedCounts
from feeds.market import Channel, Event, Instrument, LinkState, Past, Quote, Stats, Trade, Update
from feeds.names import InstrumentNames
from feeds.profiles import PROFILES, Profile, profile_of
from feeds.random_walk import RandomWalk, decimal
from feeds.simulated_past import OFFERED, past_of
from feeds.timestamps import from_milliseconds

Make = Callable[[RandomWalk, int], Update]

MILLISECOND = 1_000_000  # nanoseconds
PAST_EVERY_S = 0.05  # between two symbols whose past is made up
# What a symbol's turns give: of twenty 14 quotes, 5 trades and 1 stats, less what the feed does not carry.
PATTERN: tuple[Channel, ...] = ("quotes", "trades", "stats", "quotes", *(("quotes", "quotes", "trades", "quotes") * 4))

DEMO: tuple[dict[str, object], ...] = (
    {
        "name": "demo",
        "adapter": "simulated",
        "symbols": list(PROFILES),
        "rate": 40,
        "quiet": ["WTI-USD"],
        "history": True,
    },
    {
        "name": "flaky",
        "adapter": "simulated",
        "symbols": ["BTC-USDT"],
        "rate": 4,
        "seed": 2,
        "history": True,
        "outage_every_s": 45,
        "outage_s": 12,
    },
)


def _count_or_names(value: object) -> str:
    return "names" if isinstance(value, list | tuple) else "count"


class SimulatedOptions(FeedOptions):
    """The settings of a simulated feed's stanza."""

    adapter: Literal["simulated"]
    symbols: Annotated[
        Annotated[int, Field(ge=1, le=1_000_000), Tag("count")] | Annotated[InstrumentNames, Tag("names")],
        Discriminator(_count_or_names),
        Field(description="a count, for SYM0, SYM1 …, or a list of names"),
    ]
    rate: float = Field(
        default=20, gt=0, allow_inf_nan=False, description="updates per second over all symbols, evenly in turn"
    )
    seed: int = Field(default=1, description="the same seed gives the same prices")
    quiet: tuple[str, ...] = Field(default=(), description="symbols that hardly change after the start")
    quiet_every_s: float = Field(default=180, gt=0, description="how often the quiet ones do change")
    history: bool = Field(default=False, description="bars of the time before the start, made up, too")
    outage_every_s: float | None = Field(default=None, gt=0, description="disconnect when up this long; unset: never")
    outage_s: float = Field(default=10, gt=0, description="how long it stays disconnected")

    @property
    def names(self) -> tuple[str, ...]:
        """The instruments by name."""
        if isinstance(self.symbols, int):
            return tuple(f"SYM{number}" for number in range(self.symbols))
        return self.symbols

    @model_validator(mode="after")
    def _quiet_ones_are_symbols(self) -> Self:
        strange = set(self.quiet).difference(self.names) if self.quiet else ()
        if strange:
            raise ValueError(f"quiet: {', '.join(sorted(strange))}: not among this feed's symbols")
        return self


class Simulated:
    """The market as a Source: one link that carries all symbols, and that may go away now and then.

    From each connect on, every symbol first gives one update of each channel. Then the lively ones go on in turn, and
    the quiet ones give one update each `quiet_every_s`.
    """

    def __init__(self, options: SimulatedOptions, wanted: Wanted = NOTHING) -> None:
        self.name = options.name
        self.counts = FeedCounts()
        self.next_at = 0.0
        self._options = options
        self._random = Random(options.seed)
        profiles = {name: profile_of(name, options.seed) for name in options.names}
        self.instruments = tuple(_instrument(options, name, profile) for name, profile in profiles.items())
        self._walks = [RandomWalk(f"{self.name}:{name}", p, self._random) for name, p in profiles.items()]
        quiet = {f"{self.name}:{name}" for name in options.quiet}
        self._quiet = [walk for walk in self._walks if walk.symbol in quiet]
        self._lively = [walk for walk in self._walks if walk.symbol not in quiet]
        self._makers: dict[Channel, Make] = {"quotes": self._quote, "trades": self._trade, "stats": self._stats}
        self._pattern = [self._makers[channel] for channel in PATTERN if channel in options.channels]
        self._turns = self._in_turn()
        self._turn_s = 1 / options.rate
        self._connected = False
        self._turn_at = self._quiet_at = inf
        self._change_at = self._interruption_at = 0.0
        self._plan = planned(wanted, OFFERED) if options.history and "trades" in options.channels else {}
        self.has_past = bool(self._plan)
        self._without_past = self._walks[::-1] if self.has_past else []
        self._first_prices = {walk.symbol: walk.last for walk in self._without_past}
        self._past_at = 0.0

    def step(self, received: int) -> Sequence[Event]:
        """What is due next: the update of the symbol in turn, one of each quiet symbol, or a change of the link."""
        events = self._take_turn(received) if self.next_at < self._interruption_at else self._interrupt(received)
        self.next_at = min(self._turn_at, self._interruption_at)
        return events

    def _interrupt(self, received: int) -> Sequence[Event]:
        events: Sequence[Event]
        if self.next_at >= self._change_at:
            events = (self._change_link(received),)
        elif self._without_past and self.next_at >= self._past_at:
            events = (self._make_past(received),)
        else:
            events = [self._pattern[0](walk, received) for walk in self._quiet]
            self._quiet_at += self._options.quiet_every_s
        past_at = self._past_at if self._without_past else inf
        self._interruption_at = min(self._change_at, self._quiet_at, past_at)
        return events

    def _make_past(self, received: int) -> Past:
        """One symbol's; not all at once, since that takes a while."""
        walk = self._without_past.pop()
        self._past_at += PAST_EVERY_S
        random = Random(f"{self._options.seed}:{walk.symbol}")
        return past_of(
            walk.symbol, walk.profile, self._first_prices.pop(walk.symbol), random, plan=self._plan, received=received
        )

    def _change_link(self, received: int) -> LinkState:
        self._connected = not self._connected
        now, options = self.next_at, self._options
        if self._connected:
            self._turns = self._in_turn()
            self._turn_at = now
            self._quiet_at = now + options.quiet_every_s if self._quiet else inf
            self._change_at = now + options.outage_every_s if options.outage_every_s else inf
        else:
            self._turn_at = self._quiet_at = inf
            self._change_at = now + options.outage_s
        symbols = tuple(walk.symbol for walk in self._walks)
        return LinkState(self.name, 0, "connected" if self._connected else "disconnected", received, symbols)

    def _take_turn(self, received: int) -> Sequence[Event]:
        turn = next(self._turns, None)
        if turn is None:
            self._turn_at = inf
            return ()
        self._turn_at += self._turn_s
        make, walk = turn
        return (make(walk, received),)

    def _in_turn(self) -> Iterator[tuple[Make, RandomWalk]]:
        """Whose turn it is after a connect, and what it gives. Ends only where all symbols are quiet."""
        for channel in self._options.channels:
            for walk in self._walks:
                yield self._makers[channel], walk
        pattern, lively = self._pattern, self._lively
        for lap in count() if lively else ():
            for place, walk in enumerate(lively, start=lap):
                yield pattern[place % len(pattern)], walk

    def _quote(self, walk: RandomWalk, received: int) -> Quote:
        walk.requote(self._random)
        self.counts.updates["quotes"] += 1
        prices, sizes = walk.profile.decimals, walk.profile.size_decimals
        return Quote(
            walk.symbol,
            received,
            None,
            decimal(walk.bid, prices),
            decimal(walk.bid_size, sizes),
            decimal(walk.ask, prices),
            decimal(walk.ask_size, sizes),
        )

    def _trade(self, walk: RandomWalk, received: int) -> Trade:
        self._go_on_unseen(walk, "quotes")
        walk.trade(self._random)
        self.counts.updates["trades"] += 1
        return Trade(
            walk.symbol,
            received,
            from_milliseconds(received // MILLISECOND),
            decimal(walk.last, walk.profile.decimals),
            decimal(walk.last_size, walk.profile.size_decimals),
            walk.side,
            str(walk.trades),
            walk.trades,
        )

    def _stats(self, walk: RandomWalk, received: int) -> Stats:
        self._go_on_unseen(walk, "quotes")
        self._go_on_unseen(walk, "trades")
        self.counts.updates["stats"] += 1
        prices = walk.profile.decimals
        return Stats(
            walk.symbol,
            received,
            from_milliseconds(received // MILLISECOND),
            open=decimal(walk.open, prices),
            high=decimal(walk.high, prices),
            low=decimal(walk.low, prices),
            last=decimal(walk.last, prices),
            volume=decimal(walk.volume, walk.profile.size_decimals),
            change=decimal(walk.last - walk.open, prices),
            change_pct=walk.change_pct(),
        )

    def _go_on_unseen(self, walk: RandomWalk, channel: Channel) -> None:
        """What a feed does not carry happens at the venue all the same."""
        if channel in self._options.channels:
            return
        if channel == "quotes":
            walk.requote(self._random)
        else:
            walk.trade(self._random)


def _instrument(options: SimulatedOptions, name: str, profile: Profile) -> Instrument:
    return Instrument(
        f"{options.name}:{name}",
        profile.kind,
        options.channels,
        price_increment=decimal(1, profile.decimals),
        size_increment=decimal(1, profile.size_decimals),
    )
