"""What tests of documents share: the service that their examples are tried on."""

from collections.abc import Iterator

import pytest

from tests.integration.service import Service, running, table


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service as `make run` starts it, on another port and livelier."""
    feed = table("[[feeds]]", name="demo", adapter="simulated", symbols=["BTC-USDT", "EUR-USD", "AAPL"], rate=300.0)
    with running(tmp_path_factory.mktemp("demo"), feed) as service:
        service.wait_until_ready()
        yield service
