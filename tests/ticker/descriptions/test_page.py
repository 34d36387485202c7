"""The page for people: whole, sound, and in need of nothing from elsewhere."""

import base64
import hashlib
import re
from html.parser import HTMLParser

from tests.described import schema_names
from ticker import __version__
from ticker.descriptions.documents import document
from ticker.descriptions.page import page, policy

VOID = {"meta", "link"}


class Reader(HTMLParser):
    """What a page has: its anchors, its links, and whether every element is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: list[str] = []
        self.links: list[str] = []
        self.elements: set[str] = set()
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        if tag not in VOID:
            self._open.append(tag)
        self.anchors += [value for name, value in attrs if name == "id" and value]
        self.links += [value for name, value in attrs if name in ("href", "src") and value]

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag


TEXT = page().decode()
READER = Reader(TEXT)


def test_every_link_leads_somewhere_in_it_or_to_the_descriptions() -> None:
    inside = {link.removeprefix("#") for link in READER.links if link.startswith("#")}
    assert inside <= set(READER.anchors)
    assert {link for link in READER.links if not link.startswith("#")} == {"data:,", "asyncapi.json", "openapi.json"}


def test_an_anchor_is_there_once() -> None:
    assert len(READER.anchors) == len(set(READER.anchors))


def test_it_needs_neither_scripts_nor_anything_from_elsewhere() -> None:
    assert "script" not in READER.elements
    assert re.findall(r"url\(|@import| style=| on\w+=", TEXT) == []


def test_a_browser_may_use_its_style_and_no_other() -> None:
    [style] = re.findall(r"<style>(.*?)</style>", TEXT, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}';" in policy()


def test_it_has_every_message_every_path_every_code_and_the_version() -> None:
    asyncapi, openapi = document("asyncapi"), document("openapi")
    assert {schema_names(one)[0] for one in asyncapi["components"]["messages"].values()} <= set(READER.anchors)
    for path in openapi["paths"]:
        assert f"<h4>GET {path}</h4>" in TEXT
    for code in asyncapi["components"]["schemas"]["ErrorCode"]["oneOf"]:
        assert f"<code>{code['const']}</code>" in TEXT
    assert f"<small>{__version__}</small>" in TEXT


def test_it_works_on_a_phone_and_in_the_dark() -> None:
    assert 'name="viewport" content="width=device-width"' in TEXT
    assert "prefers-color-scheme: dark" in TEXT
