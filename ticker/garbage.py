"""Python's cyclic garbage collector, kept from holding the event loop.

A full collection looks at every object there is: 0.4 s with 10,000 clients. Left alone it comes whenever their number
has grown by a quarter. Instead what has become old is looked at once, a few milliseconds' worth, and then set aside
(`gc.freeze`): it is freed like everything else when nothing refers to it any more, but never looked at again. What
grows old must therefore not end in reference cycles; tests/ticker/test_garbage.py holds that of clients.
"""

import gc

LOOKED_AT = 2  # collections of the young since the last time; each leaves some 7,000 objects, 4 ms, at most
NEVER = 1_000_000_000


def set_aside() -> None:
    """Set aside what exists, and take over the full collections; called once the service is built."""
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, NEVER)
    gc.collect()
    gc.freeze()


def see_to() -> None:
    """Set aside what has become old; called several times a second. In a storm, too much to look at, unseen."""
    batches = gc.get_count()[2]
    if batches:
        if batches <= LOOKED_AT:
            gc.collect()
        gc.freeze()
