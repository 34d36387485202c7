"""The page and its files: what is sent, how long it may be kept, and what the page may do."""

import gzip
import re
from pathlib import Path

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer

from ticker.answers import errors
from ticker.site import FOLDER, Site

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
ADDRESS = re.compile(r"""(?:src|href)="([^"#][^"]*)"|from "([^"]+)"|import "([^"]+)"|import\("([^"]+)"\)""")


async def otherwise(_: web.Request) -> web.Response:
    return web.Response(text="in words\n")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A page of three files."""
    (tmp_path / "index.html").write_text('{modules}<script type="module" src="{assets}/main.js"></script>')
    (tmp_path / "main.js").write_text('import "./deep/part.js";\n' + "// long\n" * 200)
    for name in ("deep/part.js", "vendor/charts.js"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("export {};\n")
    (tmp_path / "ticker-client.js").write_text("export const connect = 1;\n")
    return tmp_path


async def ask(site: Site, path: str, **headers: str) -> tuple[ClientResponse, bytes]:
    app = web.Application(middlewares=[errors])
    app.add_routes(site.routes())
    async with TestClient(TestServer(app), auto_decompress=False) as client:
        answer = await client.get(path, headers={"Accept-Encoding": "identity"} | headers)
        return answer, await answer.read()


async def page(site: Site) -> str:
    return (await ask(site, "/", Accept="text/html"))[1].decode()


async def test_a_browser_gets_the_page_and_asks_for_it_again(folder: Path) -> None:
    site = Site(otherwise, folder=folder)
    answer, body = await ask(site, "/", **HTML)
    assert (answer.status, answer.content_type, answer.headers["Cache-Control"]) == (200, "text/html", "no-cache")
    assert b"main.js" in body
    again, nothing = await ask(site, "/", **HTML, **{"If-None-Match": answer.headers["ETag"]})
    assert (again.status, nothing) == (304, b"")


@pytest.mark.parametrize("accept", ["*/*", "application/json"])
async def test_anybody_else_is_told_in_words(folder: Path, accept: str) -> None:
    answer, body = await ask(Site(otherwise, folder=folder), "/", Accept=accept)
    assert (body, answer.headers["Vary"]) == (b"in words\n", "Accept")


async def test_what_the_page_names_is_there_and_may_be_kept_for_ever(folder: Path) -> None:
    site = Site(otherwise, folder=folder)
    named = {match[0] for match in ADDRESS.findall(await page(site))}
    assert {Path(name).name for name in named} == {"main.js", "part.js", "ticker-client.js"}
    for name in named:
        answer, _ = await ask(site, f"/{name}")
        assert (answer.status, answer.content_type) == (200, "text/javascript")
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_relative_names_lead_from_one_module_to_another(folder: Path) -> None:
    site = Site(otherwise, folder=folder)
    [main] = {match[0] for match in ADDRESS.findall(await page(site)) if match[0].endswith("main.js")}
    answer, _ = await ask(site, f"/{Path(main).parent}/deep/part.js")
    assert answer.status == 200


async def test_of_what_is_loaded_later_the_page_says_only_that_it_is_there(folder: Path) -> None:
    assert '<meta name="later" content="vendor/charts.js">' in await page(Site(otherwise, folder=folder))
    (folder / "vendor" / "charts.js").unlink()
    assert "charts.js" not in await page(Site(otherwise, folder=folder))


async def test_other_content_has_another_address(folder: Path) -> None:
    before = await page(Site(otherwise, folder=folder))
    (folder / "deep" / "part.js").write_text("export const changed = 1;\n")
    assert await page(Site(otherwise, folder=folder)) != before


@pytest.mark.parametrize(
    "name", ["nothing/main.js", "{}/nothing.js", "{}/../site.py", "{}/%2e%2e/site.py", "{}/index.html"]
)
async def test_nothing_else_is_served(folder: Path, name: str) -> None:
    site = Site(otherwise, folder=folder)
    version = re.findall(r"assets/(\w+)/", await page(site))[0]
    answer, _ = await ask(site, f"/assets/{name.format(version)}")
    assert answer.status == 404


async def test_who_takes_gzip_gets_it_where_that_is_shorter(folder: Path) -> None:
    site = Site(otherwise, folder=folder)
    version = re.findall(r"assets/(\w+)/", await page(site))[0]
    answer, body = await ask(site, f"/assets/{version}/main.js", **{"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(body) == (folder / "main.js").read_bytes()
    answer, _ = await ask(site, f"/assets/{version}/deep/part.js", **{"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in answer.headers


async def test_the_client_also_has_a_name_that_stays(folder: Path) -> None:
    site = Site(otherwise, folder=folder)
    answer, body = await ask(site, "/ticker-client.js")
    assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-cache")
    [name] = re.findall(r'^export \* from "\.(/.+)";$', body.decode().strip())
    assert (await ask(site, name))[1] == (folder / "ticker-client.js").read_bytes()


async def test_the_page_may_load_nothing_from_elsewhere_and_be_framed_by_whom_it_says(folder: Path) -> None:
    answer, _ = await ask(Site(otherwise, ["https://board.example"], folder=folder), "/", **HTML)
    policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert {policy[kind] for kind in ("script-src", "style-src", "connect-src")} == {"'self'"}
    assert policy["frame-ancestors"] == "'self' https://board.example"


async def test_every_name_in_the_real_files_leads_to_a_file() -> None:
    lost = []
    for path in FOLDER.rglob("*.js"):
        for match in ADDRESS.findall(path.read_text()):
            name = next(filter(None, match), "")
            if name.startswith(".") and not (path.parent / name).is_file():
                lost.append(f"{path.name}: {name}")
    assert lost == []


async def test_no_real_file_has_script_or_style_inline_or_from_elsewhere() -> None:
    text = (FOLDER / "index.html").read_text()
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", text)
    assert "://" not in text
