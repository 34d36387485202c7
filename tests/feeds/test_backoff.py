from hypothesis import given
from hypothesis import strategies as st

from feeds.backoff import Backoff


def waits(backoff: Backoff, number: int) -> list[float]:
    return [backoff.next() for _ in range(number)]


def test_the_ceiling_doubles_up_to_the_maximum_and_stays_there_for_ever() -> None:
    backoff = Backoff(0.5, 30, uniform=lambda: 1.0)

    assert waits(backoff, 10) == [0.5, 1, 2, 4, 8, 16, 30, 30, 30, 30]
    assert set(waits(backoff, 2_000)) == {30}


def test_a_wait_is_a_random_part_of_the_ceiling() -> None:
    parts = iter([0.0, 0.25, 0.5])

    assert waits(Backoff(2, 30, uniform=lambda: next(parts)), 3) == [0, 1, 4]


def test_a_reset_makes_the_next_wait_a_short_one() -> None:
    backoff = Backoff(0.5, 30, uniform=lambda: 1.0)
    waits(backoff, 8)

    backoff.reset()

    assert waits(backoff, 3) == [0.5, 1, 2]


def test_a_maximum_below_the_minimum_holds_from_the_first_wait() -> None:
    assert waits(Backoff(5, 2, uniform=lambda: 1.0), 3) == [2, 2, 2]


def test_two_clients_do_not_wait_alike() -> None:
    assert waits(Backoff(0.5, 30), 5) != waits(Backoff(0.5, 30), 5)


@given(st.floats(0.01, 60), st.floats(0.01, 600), st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=40))
def test_no_wait_is_negative_or_longer_than_the_maximum(minimum: float, maximum: float, parts: list[float]) -> None:
    uniform = iter(parts)
    backoff = Backoff(minimum, maximum, lambda: next(uniform))

    assert all(0 <= wait <= maximum for wait in waits(backoff, len(parts)))
