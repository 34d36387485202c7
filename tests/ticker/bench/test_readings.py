"""What is read from a service's metrics and directory."""

import pytest

from ticker.bench.errors import BenchError
from ticker.bench.readings import Reading, quoted_symbols, reading

METRICS = """\
# TYPE process_cpu_seconds_total counter
process_cpu_seconds_total 12.5
# TYPE process_resident_memory_bytes gauge
process_resident_memory_bytes 6.4e+07
# TYPE ticker_updates_received_total counter
ticker_updates_received_total{channel="quotes",feed="a"} 100.0
ticker_updates_received_total{channel="quotes",feed="b"} 20.0
ticker_updates_received_total{channel="trades",feed="b"} 3.0
# TYPE ticker_updates_conflated_total counter
ticker_updates_conflated_total{cause="slow",channel="quotes"} 4.0
ticker_updates_conflated_total{cause="rate",channel="ticker"} 5.0
# TYPE ticker_events_lost_total counter
ticker_events_lost_total{reason="feed"} 6.0
# TYPE ticker_client_closes_total counter
ticker_client_closes_total{code="4008",transport="websocket"} 7.0
ticker_client_closes_total{code="1006",transport="websocket"} 8.0
"""


def test_a_reading_is_of_quotes_and_slow_clients() -> None:
    assert reading(METRICS, 3.5) == Reading(3.5, 12.5, 6.4e7, 120, 4, 6, 7)


def test_a_service_without_proc_tells_neither_cpu_nor_memory() -> None:
    without = "".join(line for line in METRICS.splitlines(keepends=True) if "process_" not in line)
    assert reading(without, 3.5) == Reading(3.5, None, None, 120, 4, 6, 7)


def test_something_else_than_metrics_is_told() -> None:
    with pytest.raises(BenchError, match="is this a ticker"):
        reading("<html>hello</html>", 0)


def test_symbols_are_those_with_quotes() -> None:
    directory = (
        '{"messages":[{"symbol":"a:X","channels":["quotes","status"]},{"symbol":"a:Y","channels":["trades"]}],'
        '"next":null}'
    )
    assert quoted_symbols(directory) == ["a:X"]


@pytest.mark.parametrize("answer", ["", "[]", '{"code":404}', '{"messages":[{}]}', '{"messages":null}'])
def test_something_else_than_a_directory_is_told(answer: str) -> None:
    with pytest.raises(BenchError, match="is this a ticker"):
        quoted_symbols(answer)
