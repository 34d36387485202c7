"""The figures, worked out by hand."""

from msgspec.structs import replace

from tests.ticker.bench.samples import AFTER, BEFORE, FOUND, IDLE, MEASURED, MIB, SETTING
from ticker.bench.figures import figures


def test_the_service_s_share_is_of_the_time_between_the_readings() -> None:
    found = figures(SETTING, FOUND)
    assert found.seconds == 10
    assert found.server_cpu_share == 0.1
    assert found.updates_in_per_s == 900


def test_updates_are_added_up_over_the_generators() -> None:
    found = figures(SETTING, FOUND)
    assert found.updates_delivered_per_s == 900 + 882
    assert found.megabytes_per_s == 0.3
    assert found.server_cpu_us_per_update == round(100_000 / 1782, 3)
    assert found.clients_closed == 1


def test_expected_is_what_the_readers_subscribed_to() -> None:
    # 900 updates/s of 20 symbols, each with 8 * 5 / 20 = 2 readers
    assert figures(SETTING, FOUND).delivered_percent == 99.0


def test_delays_are_merged() -> None:
    found = figures(SETTING, FOUND)
    assert (found.latency_p50_ms, found.latency_p90_ms, found.latency_max_ms) == (0.001, 0.01, 0.01)


def test_memory_is_that_of_our_clients() -> None:
    found = figures(SETTING, FOUND)
    assert (found.resident_bytes, found.resident_bytes_per_client) == (70 * MIB, MIB)


def test_counts_are_those_of_the_measurement() -> None:
    found = figures(SETTING, FOUND)
    assert (found.updates_conflated, found.events_lost, found.slow_clients_evicted) == (30, 2, 2)
    assert found.handshakes_per_s == 20


def test_what_the_service_cannot_tell_is_none() -> None:
    silent = [replace(reading, cpu_s=None, resident_bytes=None) for reading in (IDLE, BEFORE, AFTER)]
    found = figures(SETTING, replace(FOUND, idle=silent[0], before=silent[1], after=silent[2]))
    assert (found.server_cpu_share, found.server_cpu_us_per_update) == (None, None)
    assert (found.resident_bytes, found.resident_bytes_per_client) == (None, None)
    assert found.updates_delivered_per_s == 1782


def test_without_updates_there_is_nothing_to_divide_by() -> None:
    nothing = [replace(one, updates=0, delays={}, longest_us=0) for one in MEASURED]
    found = figures(SETTING, replace(FOUND, after=replace(AFTER, received=BEFORE.received), measured=nothing))
    assert found.updates_delivered_per_s == 0
    assert (found.delivered_percent, found.server_cpu_us_per_update, found.latency_p50_ms) == (None, None, None)


def test_a_busy_generator_is_told() -> None:
    busy = [MEASURED[0], replace(MEASURED[1], cpu_s=4.6)]
    assert figures(SETTING, FOUND).warnings == []
    found = figures(SETTING, replace(FOUND, measured=busy))
    assert found.generator_cpu_share == 0.92
    [warning] = found.warnings
    assert "used 92% of a core" in warning
