"""What differs between two runs of settings. Taking it up: tests/integration/test_reload.py."""

from typing import Any

import pytest

from ticker.reload import differences, needs_restart
from ticker.settings import Settings

A: dict[str, Any] = {"name": "a", "adapter": "simulated", "symbols": 1}
B: dict[str, Any] = {"name": "b", "adapter": "simulated", "symbols": 1}


def settings(*feeds: dict[str, Any], **sections: dict[str, Any]) -> Settings:
    return Settings.model_validate({"feeds": feeds, **sections})


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (settings(A), settings(A), []),
        (settings(A, B), settings(B, A), []),
        (settings(A), settings(A, B), ["feeds.b"]),
        (settings(A, B), settings(B), ["feeds.a"]),
        (settings(A), settings({**A, "symbols": 2}), ["feeds.a"]),
        (settings(A), settings(A, limits={"clients": 1}, bars={"grace_s": 1}), ["limits.clients", "bars.grace_s"]),
    ],
)
def test_what_differs_is_named(old: Settings, new: Settings, found: list[str]) -> None:
    assert differences(old, new) == found


def test_what_takes_a_restart_is_known_of_every_key() -> None:
    sections = {name: field.annotation for name, field in Settings.model_fields.items() if name != "feeds"}
    keys = [f"{name}.{key}" for name, section in sections.items() for key in getattr(section, "model_fields", {})]
    taken = {key for key in keys if not needs_restart(key)}
    assert taken == {
        *(key for key in keys if key.startswith("limits.") and key != "limits.request_head_s"),
        *(key for key in keys if key.startswith("drain.")),
        "logging.level",
        "tls.certificate",
        "tls.key",
    }
    assert not needs_restart("feeds.coinbase")
