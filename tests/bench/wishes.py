"""What the clients of a soak ask for: random requests of every kind, from a bounded set of names and patterns."""

import random
from collections.abc import Sequence

from ticker.bus import CHANNELS

Request = dict[str, object]

NAMES_MOST = 30


class Wishes:
    """Requests to a service with the symbols sim:SYM0 and so on, which offers these rates."""

    def __init__(self, symbols: int, rates: Sequence[float]) -> None:
        self._names = [f"sim:SYM{number}" for number in range(symbols)]
        self._patterns = [*(f"sim:SYM{start}*" for start in range(10, 100)), *(f"*:SYM*{end}" for end in range(100))]
        # a service that knows a single rate refuses to be asked for one
        self._rates: Sequence[float | None] = [None, 3.3, *rates] if len(rates) > 1 else []

    def any(self) -> Request:
        """Something: mostly a subscription more or less."""
        makers = (self._subscribe, self._subscribe, self._unsubscribe, self._all_of_a_channel, self._small_talk)
        return random.choice(makers)()

    def much(self) -> Request:
        """More than a socket takes at once."""
        return self._subscription(random.choice(("ticker", "quotes")), ["sim:*"])

    def all_trades(self) -> Request:
        """Every trade, with those that are retained."""
        return {"op": "subscribe", "channel": "trades", "symbols": ["sim:*"], "snapshot": True}

    def snapshots(self) -> list[str]:
        """Paths of snapshots, of which there are few, so that some are asked for again."""
        number = random.randrange(len(self._names) // 20)
        names = ",".join(self._names[number * 20 : number * 20 + 20])
        return [f"/v1/snapshot?channel=ticker&symbols={names}", f"/v1/snapshot?channel=status&symbols={names}"]

    def _subscribe(self) -> Request:
        symbols = random.choice((self._some_names, self._some_patterns))()
        return self._subscription(random.choice(CHANNELS), symbols)

    def _subscription(self, channel: str, symbols: Sequence[str]) -> Request:
        request: Request = {"op": "subscribe", "id": 1, "channel": channel, "symbols": symbols}
        request["snapshot"] = random.random() < 0.9
        if self._rates and channel not in ("trades", "status"):
            request["max_rate"] = random.choice(self._rates)
        return request

    def _unsubscribe(self) -> Request:
        symbols = random.choice((self._some_names, self._some_patterns))()
        return {"op": "unsubscribe", "channel": random.choice(CHANNELS), "symbols": symbols}

    def _all_of_a_channel(self) -> Request:
        return {"op": "unsubscribe", "channel": random.choice(CHANNELS)}

    def _small_talk(self) -> Request:
        return {"op": random.choice(("list", "ping")), "id": "x"}

    def _some_names(self) -> list[str]:
        return random.sample(self._names, random.randint(1, min(NAMES_MOST, len(self._names))))

    def _some_patterns(self) -> list[str]:
        return random.sample(self._patterns, random.randint(1, 3))
