"""What waits for a caller: order, newest wins, and the bound on trades."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.ticker.client.messages import OTHER, SYMBOL, bar, gap, quote, status, trade
from ticker.client import Connected, Gap, Lost, Rejected, Trade, Update
from ticker.client.buffer import Buffer

CONNECTED = Connected(server="ticker/0", session="s")
LOST = Lost(reason="cut", code=1006, retry_s=1.0)


def filled(*updates: Update, events_most: int = 1_000) -> Buffer:
    buffer = Buffer(events_most)
    for update in updates:
        buffer.put(update)
    return buffer


def emptied(buffer: Buffer) -> list[Update]:
    return list(iter(buffer.take, None))


def test_what_is_taken_in_time_comes_as_it_was() -> None:
    updates: list[Update] = [CONNECTED, status("live"), quote("1"), trade(1), quote("1", OTHER), trade(2)]
    assert emptied(filled(*updates)) == updates
    assert Buffer().take() is None


def test_newer_state_takes_the_place_of_older() -> None:
    assert emptied(filled(quote("1"), trade(1), quote("2"))) == [quote("2"), trade(1)]


def test_a_symbols_kinds_of_state_are_apart() -> None:
    updates: list[Update] = [quote("1"), status("live"), quote("1", OTHER), status("stale", OTHER)]
    assert emptied(filled(*updates)) == updates


def test_a_connection_that_is_back_is_not_lost() -> None:
    assert emptied(filled(LOST, CONNECTED)) == [CONNECTED]


def test_each_rejected_symbol_is_told() -> None:
    rejected = [Rejected(channel="quotes", symbol=name, code=404, reason="no such symbol") for name in (SYMBOL, OTHER)]
    assert emptied(filled(*rejected)) == rejected


def test_the_oldest_trades_become_one_gap_a_symbol_before_the_others() -> None:
    trades = [trade(1), trade(1, OTHER), trade(2), trade(3), trade(2, OTHER)]
    told = emptied(filled(*trades, events_most=2))
    assert set(told[:2]) == {gap(1, 2, 2), gap(1, 1, 1, symbol=OTHER)}
    assert told[2:] == trades[3:]


def test_a_gap_that_is_lost_itself_counts() -> None:
    told = emptied(filled(gap(1, 5, 5, reason="feed"), trade(6), trade(7), events_most=1))
    assert told == [gap(1, 6, 6), trade(7)]


def test_what_cannot_be_known_stays_unknown() -> None:
    told = emptied(
        filled(trade(1), gap(None, None, None, reason="feed", received=2), trade(2), trade(3), events_most=1)
    )
    assert told == [gap(1, 2, None), trade(3)]


def test_no_range_spans_two_runs_of_numbering() -> None:
    told = emptied(filled(trade(900), trade(1, epoch="two"), trade(2, epoch="two"), events_most=1))
    assert told == [gap(None, None, 2, epoch="two", received=1), trade(2, epoch="two")]


def test_a_gap_that_was_taken_is_not_widened() -> None:
    buffer = filled(trade(1), trade(2), events_most=1)
    assert buffer.take() == gap(1, 1, 1)
    buffer.put(trade(3))
    assert emptied(buffer) == [gap(2, 2, 1), trade(3)]


def test_a_bar_replaces_its_own_older_version_and_no_other() -> None:
    assert emptied(filled(bar(0, "1"), bar(60, "1"), bar(0, "2"))) == [bar(0, "2"), bar(60, "1")]


def test_bars_are_bounded_too() -> None:
    told = emptied(filled(bar(0), bar(60), bar(120), events_most=1))
    assert told == [gap(None, None, 2, epoch=None, received=60, channel="bars"), bar(120)]


STEPS = st.lists(st.tuples(st.sampled_from([SYMBOL, OTHER]), st.sampled_from(["trade", "quote", "take"])), max_size=60)


@given(STEPS, st.integers(1, 5))
def test_every_trade_is_told_once_in_order_or_counted_in_a_gap(steps: list[tuple[str, str]], most: int) -> None:
    buffer, told, seqs = Buffer(most), [], {SYMBOL: 0, OTHER: 0}
    for number, (symbol, step) in enumerate(steps):
        if step == "take":
            told.append(buffer.take())
        elif step == "quote":
            buffer.put(quote(str(number), symbol))
        else:
            seqs[symbol] += 1
            buffer.put(trade(seqs[symbol], symbol))
        assert len(buffer) <= most + 4  # a quote and a gap for each of two symbols
    told += emptied(buffer)
    for symbol, last in seqs.items():
        covered: list[int] = []
        for update in told:
            if isinstance(update, Trade) and update.symbol == symbol:
                covered.append(update.seq)
            elif isinstance(update, Gap) and update.symbol == symbol:
                assert update.from_seq is not None
                assert update.to_seq is not None
                assert update == replace(update, missed=update.to_seq - update.from_seq + 1)
                covered += range(update.from_seq, update.to_seq + 1)
        assert covered == list(range(1, last + 1))
