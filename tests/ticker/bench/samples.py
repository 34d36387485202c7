"""A measurement of round figures."""

from ticker.bench.figures import Found, Setting
from ticker.bench.messages import Measured
from ticker.bench.readings import Reading

MIB = 1_048_576

SETTING = Setting(clients=10, slow=2, symbols=20, per_client=5, generators=2, rate_asked=1000.0)
IDLE = Reading(at_s=90, cpu_s=5, resident_bytes=60 * MIB, received=0, conflated=0, lost=0, evicted=1)
BEFORE = Reading(at_s=100, cpu_s=10, resident_bytes=65 * MIB, received=1_000, conflated=3, lost=1, evicted=1)
AFTER = Reading(at_s=110, cpu_s=11, resident_bytes=70 * MIB, received=10_000, conflated=33, lost=3, evicted=3)
MEASURED = [
    Measured(seconds=10, updates=9_000, bytes=2_000_000, delays={1: 9_000}, longest_us=1, cpu_s=2, closed=0),
    Measured(seconds=5, updates=4_410, bytes=500_000, delays={10: 4_410}, longest_us=10, cpu_s=2, closed=1),
]
FOUND = Found(connect_s=0.5, idle=IDLE, before=BEFORE, after=AFTER, measured=MEASURED)
