"""The benchmark of what comes in measures each kind of frame that it builds, at each stage."""

from tests.bench.ingest import STAGES, measure
from tests.bench.venue_frames import built


async def test_frames_of_every_venue_are_measured() -> None:
    kinds = {"binance": "quotes", "coinbase": "quotes + stats", "kraken": "quotes + stats"}
    for source in built(200):
        counts, costs = measure(source, repeats=1)
        assert counts == {kinds[source.venue]: 180, "trades": 180}
        assert costs.keys() == {(kind, stage) for kind in counts for stage in STAGES}
        assert all(cost > 0 for cost in costs.values())
