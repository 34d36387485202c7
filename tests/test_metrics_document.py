"""docs/metrics.md against the real service: the same metrics, of the same types, with the same labels."""

import re
import subprocess
from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.integration.service import running, table
from tests.requires import ROOT, program

DOCUMENT = (ROOT / "docs" / "metrics.md").read_text()
ROW = re.compile(r"^\| `(ticker_\w+)(?:\{([\w,]+)\})?` \| ([CGH]) \|", re.MULTILINE)
FEED = table("[[feeds]]", name="demo", adapter="simulated", symbols=["BTC-USDT"], rate=200.0)
TYPES = {"C": "counter", "G": "gauge", "H": "histogram"}


def documented() -> dict[str, tuple[str, set[str]]]:
    """Type and labels by metric, as the document has them."""
    return {name: (TYPES[kind], set(filter(None, labels.split(",")))) for name, labels, kind in ROW.findall(DOCUMENT)}


@pytest.fixture(scope="module")
def exposition(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """What a service that has some symbols says to Prometheus."""
    with running(tmp_path_factory.mktemp("metrics"), FEED) as service:
        service.wait_until_ready()
        yield service.request("/metrics").body


def test_the_document_lists_every_metric_with_its_type(exposition: str) -> None:
    families = text_string_to_metric_families(exposition)
    exposed = {
        family.name + "_total" * (family.type == "counter"): family.type
        for family in families
        if family.name.startswith("ticker_")
    }
    assert {name: kind for name, (kind, _) in documented().items()} == exposed


def test_the_labels_are_the_documented_ones(exposition: str) -> None:
    for family in text_string_to_metric_families(exposition):
        if family.name.startswith("ticker_"):
            labels = documented()[family.name + "_total" * (family.type == "counter")][1]
            assert [sample for sample in family.samples if sample.labels.keys() - {"le"} != labels] == []


def test_promtool_is_content(exposition: str) -> None:
    promtool = program("promtool", "prometheus")
    checked = subprocess.run(
        [promtool, "check", "metrics"], input=exposition, capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")
