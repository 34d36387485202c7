"""The port for those who run the service."""

from pathlib import Path

import httpx

from tests.integration.client import connected
from tests.integration.service import Service, free_port, serving, table

FEED = table("[[feeds]]", name="sim", adapter="simulated", symbols=1)
FOR_OPERATORS = ("/metrics", "/healthz", "/readyz")


async def test_what_is_for_operators_has_a_port_of_its_own(tmp_path: Path) -> None:
    port = free_port()
    async with serving(tmp_path, FEED, table("[operations]", port=port), probed=port) as service:
        async with connected(service):
            operations = Service(tmp_path, port=port)
            assert [operations.request(path).status for path in FOR_OPERATORS] == [200, 200, 200]
            assert [service.request(path).status for path in FOR_OPERATORS] == [404, 404, 404]
            async with httpx.AsyncClient(trust_env=False) as client:
                assert (await client.get(f"http://127.0.0.1:{port}/v1/symbols")).status_code == 404
        assert f"http://127.0.0.1:{port}/metrics" in service.log
