"""The service that tests of the client side share."""

from collections.abc import Iterator

import pytest

from tests.integration import simulated
from tests.integration.service import Service, refusing, running


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A running service with the symbols of simulated.py."""
    with refusing() as url, running(tmp_path_factory.mktemp("service"), *simulated.settings(url)) as running_service:
        running_service.wait_until_ready()
        yield running_service
