"""What the shared service serves: simulated markets, and a venue that cannot be reached."""

from tests.integration.service import Value, feed, table

LIVELY = ("sim:BTC-USDT", "sim:ETH-USDT", "sim:SOL-USDT")
IDLE = "idle:BTC-USDT"  # has one value of each channel, and no other will come
DEAD = "dead:BTC-USDT"  # has never had any
SYMBOLS_PER_CLIENT = 30
MANY = 40  # symbols of the feed `many`, more than a client may have


def settings(unreachable: str) -> list[str]:
    """The stanzas for these symbols; `unreachable` is the address of the venue that has never been there."""
    instruments = [symbol.removeprefix("sim:") for symbol in LIVELY]
    return [
        table("[fanout]", heartbeat_s=0.5, ping_s=1, pong_timeout_s=2),
        table("[limits]", symbols_per_client=SYMBOLS_PER_CLIENT),
        _simulated("sim", symbols=instruments, rate=120),
        _simulated("many", symbols=MANY, rate=MANY),
        _simulated("idle", symbols=["BTC-USDT"], quiet=["BTC-USDT"], quiet_every_s=3600),
        feed("dead", ["BTC-USDT"], unreachable, adapter="binance", backoff_min_s=5, backoff_max_s=5),
    ]


def _simulated(name: str, **options: Value) -> str:
    return table("[[feeds]]", name=name, adapter="simulated", **options)
