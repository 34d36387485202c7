"""The plan of a measurement: what may be asked for, and how clients and symbols are spread."""

import math
from collections import Counter
from itertools import islice
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticker.bench.errors import BenchError
from ticker.bench.messages import Address
from ticker.bench.plan import Plan, Simulation, deal, jobs, per_client, planned
from ticker.errors import SettingsError

URL = "ws://127.0.0.1:8080/v1/ws"
OPTIONS: dict[str, Any] = {
    "clients": 20,
    "slow": 2,
    "per_client": 5,
    "seconds": 1,
    "generators": 2,
    "symbols": None,
    "rate": None,
    "url": None,
}
SYMBOLS = [f"sim:SYM{number}" for number in range(7)]
HERE = Address("127.0.0.1", 8080)


def problems(**options: Any) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        planned(**OPTIONS | options)
    return str(caught.value).splitlines()


def test_a_service_is_simulated_unless_one_is_named() -> None:
    plan = planned(**OPTIONS)
    assert plan == Plan(20, 2, 5, 1, 2, Simulation(100, 1000.0))
    assert plan.readers == 18


def test_the_market_can_be_chosen() -> None:
    assert planned(**OPTIONS | {"symbols": 7, "rate": 0.5}).target == Simulation(7, 0.5)


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        (URL, "127.0.0.1", 8080),
        ("ws://127.3.2.1:9/v1/ws", "127.3.2.1", 9),
        ("ws://localhost/v1/ws", "localhost", 80),
        ("ws://[::1]:9000/v1/ws", "::1", 9000),
    ],
)
def test_a_service_on_this_machine_can_be_named(url: str, host: str, port: int) -> None:
    assert planned(**OPTIONS | {"url": url}).target == Address(host, port, "/v1/ws")


@pytest.mark.parametrize(
    "url",
    [
        "ws://192.0.2.1:8080/v1/ws",
        "ws://0.0.0.0:8080/v1/ws",
        "ws://prices.example:8080/v1/ws",
        "ws://localhost.example:8080/v1/ws",
        "ws://127.0.0.1.example:8080/v1/ws",
        "ws://127.0.0.1@prices.example/v1/ws",
        "ws://me@127.0.0.1/v1/ws",
        "wss://127.0.0.1:8080/v1/ws",
        "http://127.0.0.1:8080/v1/ws",
        "ws://127.0.0.1:99999/v1/ws",
        "ws://127.0.0.1:8080",
        "ws://127.0.0.1:8080/v1/ws?x=1",
        "127.0.0.1:8080",
        "",
    ],
)
def test_any_other_url_is_refused(url: str) -> None:
    [problem] = problems(url=url)
    assert problem.startswith("command line: --url: found ")
    assert problem.endswith("allowed: a service on this machine, like ws://127.0.0.1:8080/v1/ws")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"clients": 25_001}, "--clients: found 25001; allowed: from 1 to 25000"),
        ({"per_client": 0}, "--per-client: found 0; allowed: from 1 to 100000"),
        ({"seconds": 0.0}, "--seconds: found 0; allowed: from 0.1 to 3600"),
        ({"generators": 0}, "--generators: found 0; allowed: from 1 to 16"),
        ({"symbols": 0, "per_client": None}, "--symbols: found 0; allowed: from 1 to 100000"),
        ({"rate": math.nan}, "--rate: found nan; allowed: from 0.1 to 1000000"),
        ({"rate": math.inf}, "--rate: found inf; allowed: from 0.1 to 1000000"),
        ({"slow": 20, "generators": 1}, "--slow: found 20; allowed: from 0 to one less than --clients: "),
        ({"slow": -1}, "--slow: found -1; allowed: from 0 to one less than --clients: "),
        ({"clients": 4, "generators": 3}, "--generators: found 3; allowed: one for each client that reads"),
        ({"symbols": 4}, "--per-client: found 5; allowed: at most --symbols, 4"),
        (
            {"clients": 10_000, "per_client": 1_001, "symbols": 1_001},
            "--per-client: found 1001; allowed: at most 10000000 subscriptions",
        ),
        ({"url": URL, "symbols": 5}, "--symbols: found 5; a running service has its own"),
        ({"url": URL, "rate": 5.0}, "--rate: found 5; a running service has its own"),
    ],
)
def test_what_cannot_be_measured_is_refused(options: dict[str, Any], said: str) -> None:
    [problem] = problems(**options)
    assert problem.startswith(f"command line: {said}")


def test_all_problems_are_told_at_once() -> None:
    told = problems(clients=3, seconds=0, slow=3, generators=1, url="ws://192.0.2.1/", rate=3.0)
    assert [line.split(": ")[1] for line in told] == ["--seconds", "--slow", "--rate", "--url"]


@pytest.mark.parametrize(("asked", "symbols", "size"), [(5, 7, 5), (7, 7, 7), (None, 100, 10), (None, 3, 3)])
def test_each_client_has_so_many_symbols(asked: int | None, symbols: int, size: int) -> None:
    assert per_client(planned(**OPTIONS | {"per_client": asked, "url": URL}), symbols) == size


@pytest.mark.parametrize(("symbols", "said"), [(4, "the service has 4 symbols"), (0, "no symbol with quotes")])
def test_too_few_symbols_are_told(symbols: int, said: str) -> None:
    with pytest.raises(BenchError, match=said):
        per_client(planned(**OPTIONS | {"url": URL}), symbols)


def test_the_clients_are_spread_over_the_generators() -> None:
    plan = planned(**OPTIONS | {"clients": 23, "slow": 4, "generators": 3})
    orders = jobs(plan, HERE, SYMBOLS)
    assert [job.readers for job in orders] == [6, 6, 7]
    assert [job.slow for job in orders] == [1, 1, 2]
    assert len({job.seed for job in orders}) == 3
    assert {(job.address, tuple(job.symbols), job.per_client) for job in orders} == {(HERE, tuple(SYMBOLS), 5)}


@given(data=st.data(), seed=st.integers())
def test_every_symbol_has_as_many_subscribers_give_or_take_one(data: st.DataObject, seed: int) -> None:
    symbols = SYMBOLS[: data.draw(st.integers(1, len(SYMBOLS)))]
    size = data.draw(st.integers(1, len(symbols)))
    hands = list(islice(deal(symbols, size, Random(seed)), data.draw(st.integers(1, 40))))
    assert all(len(hand) == len(set(hand)) == size for hand in hands)
    subscribers = Counter(dict.fromkeys(symbols, 0))
    for hand in hands:
        subscribers.update(hand)
    assert max(subscribers.values()) - min(subscribers.values()) <= 1


def test_clients_have_different_symbols() -> None:
    hands = {tuple(sorted(hand)) for hand in islice(deal(SYMBOLS, 3, Random(1)), 20)}
    assert len(hands) > 10
