"""The real service against its own description of what is asked over HTTP: whatever schemathesis thinks of to ask."""

import subprocess
import sys
from pathlib import Path

from tests.integration.service import running, table

# The symbol of the description's examples, so that there is something to find.
FEED = table("[[feeds]]", name="coinbase", adapter="simulated", symbols=["BTC-USD"], rate=100)
EXAMPLES = 30  # random ones of each path, beside those that go along the limits
CONFIGURATION = """
[[operations]]
include-name = "GET /v1/snapshot"
checks.positive_data_acceptance.enabled = false  # one parameter may rule another out, and a URL may be too long
"""


def test_schemathesis_finds_nothing_that_is_not_as_described(tmp_path: Path) -> None:
    configuration = tmp_path / "schemathesis.toml"
    configuration.write_text(CONFIGURATION)
    with running(tmp_path, FEED) as service:
        service.wait_until_ready()
        run = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(configuration), "run", "--no-color"),
                *("--phases", "examples,coverage,fuzzing", "--max-examples", str(EXAMPLES), "--seed", "1"),
                *("--generation-database", "none", "--continue-on-failure", "--request-timeout", "40"),
                # A stream does not end, and a WebSocket is none of its business: tests/described.py sees to them.
                *("--exclude-path", "/v1/sse", "--exclude-path", "/v1/ws"),
                f"http://127.0.0.1:{service.port}/docs/openapi.json",
            ],
            cwd=tmp_path,  # it leaves things there
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert run.returncode == 0, run.stdout[-5_000:] + run.stderr
    assert "Tested: 12" in run.stdout
