"""What was found about clients that never read, and whether that is as it should be."""

from collections.abc import Sequence

from msgspec import Struct

from tests.bench.verdict import Check
from ticker.bench.delays import Delays
from ticker.bench.messages import Measured
from ticker.bench.report import KIBIBYTE

P99_RATIO_MOST = 1.2  # of the others' p99 to what it is without stalled clients
USER_MOST, KERNEL_MOST = 256 * KIBIBYTE, 200 * KIBIBYTE  # bytes a stalled client
LATE_S = 1.5  # an eviction is seen by so much late: two samples, and one look at the slow


class Load(Struct, frozen=True):
    """The clients, of which some stall, and the market; smaller in tests. `rate` is in updates/s over all symbols."""

    clients: int = 1_000
    stalled: int = 50
    symbols: int = 1_000
    per_client: int = 50
    rate: float = 5_000.0
    seconds: float = 60.0
    deadline_s: float = 30.0  # the default of [fanout] write_deadline_s

    @property
    def readers(self) -> int:
        """The clients that do read, in both runs."""
        return self.clients - self.stalled

    @property
    def names(self) -> list[str]:
        """The symbols."""
        return [f"sim:SYM{number}" for number in range(self.symbols)]


class Sample(Struct, frozen=True):
    """A look at the service: what it used, the kernel's memory for each stalled client, how many are or were slow."""

    at_s: float
    cpu_s: float
    resident: int
    kernel: list[int]
    slow: int
    evicted: int


class Window(Struct, frozen=True):
    """The delays of the clients that read, in a part of a run."""

    p50_ms: float
    p99_ms: float
    p99_9_ms: float
    updates_per_s: float
    cpu_share: float
    closed: int

    @classmethod
    def of(cls, measured: Measured) -> "Window":
        """What a load generator measured. Raises ValueError where it got nothing."""
        delays = Delays(measured.delays, measured.longest_us)
        p50, p99, p99_9 = (delays.percentile(percent) for percent in (50, 99, 99.9))
        if p50 is None or p99 is None or p99_9 is None:
            raise ValueError("no update came: nothing to judge")
        per_s, cpu_share = measured.updates / measured.seconds, measured.cpu_s / measured.seconds
        return cls(p50, p99, p99_9, per_s, cpu_share, measured.closed)


class Found(Struct, frozen=True):
    """One run: until the write deadline of those that stall from its beginning, and after it."""

    stalled: int
    resident_before: int
    samples: list[Sample]
    stalling: Window
    after: Window

    @property
    def resident_most(self) -> int:
        """The most memory while nobody was evicted."""
        return max(sample.resident for sample in self.samples if not sample.evicted)

    @property
    def cpu_share(self) -> float:
        """The service's processor time while nobody was evicted, of a core."""
        first, *_, last = (sample for sample in self.samples if not sample.evicted)
        return (last.cpu_s - first.cpu_s) / (last.at_s - first.at_s)

    @property
    def kernel_most(self) -> int:
        """The most that the kernel held for one of them."""
        return max((size for sample in self.samples for size in sample.kernel), default=0)

    @property
    def kernel_mean(self) -> float:
        """What it held for each, when that was most for all together."""
        most = max((sample.kernel for sample in self.samples), key=sum, default=[])
        return sum(most) / max(1, len(most))


def judge(load: Load, found: Found, without: Found) -> list[Check]:
    """Hold the two runs against what is allowed."""
    ratio = found.stalling.p99_ms / without.stalling.p99_ms
    user = (found.resident_most - found.resident_before) / load.stalled
    first_s, last_s = waited(found.samples, 1), waited(found.samples, load.stalled)
    closed = sum(window.closed for one in (found, without) for window in (one.stalling, one.after))
    deadline = f"{load.deadline_s:g} s"
    return [
        Check("the others' p99, with stalled clients to without", f"{ratio:.2f}", "1.20", ratio <= P99_RATIO_MOST),
        _memory("memory of the service, a stalled client", user, USER_MOST),
        _memory("memory of the kernel, the greediest one", found.kernel_most, KERNEL_MOST),
        Check("the first evicted after", _s(first_s), deadline, first_s is not None and first_s > load.deadline_s - 1),
        Check("the last evicted after", _s(last_s), deadline, last_s is not None and last_s < load.deadline_s + LATE_S),
        Check("others that were cut off", str(closed), "0", not closed),
    ]


def waited(samples: Sequence[Sample], clients: int) -> float | None:
    """How long after so many clients were slow as many were evicted, in seconds; None if they were not."""
    slow_s = next((sample.at_s for sample in samples if sample.slow >= clients), None)
    evicted_s = next((sample.at_s for sample in samples if sample.evicted >= clients), None)
    return None if slow_s is None or evicted_s is None else evicted_s - slow_s


def _memory(name: str, found: float, most: float) -> Check:
    return Check(name, f"{found / KIBIBYTE:.0f} KiB", f"{most / KIBIBYTE:.0f} KiB", found <= most)


def _s(seconds: float | None) -> str:
    return "never" if seconds is None else f"{seconds:.1f} s"
