"""The page and its files, read once at start: every file under a name that changes with the content.

All of them have one hash in their path, `/assets/<hash>/…`, so that modules find each other by relative names. Under it
a file may be kept for ever; the page itself, which names the hash, is asked for each time and is mostly a 304.
"""

import gzip
from collections.abc import Collection, Iterator
from hashlib import blake2b
from pathlib import Path

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler
from msgspec import Struct

from ticker.compression import accepted
from ticker.etags import has_it

FOLDER = Path(__file__).parent / "dashboard"
PAGE = "index.html"
CLIENT = "ticker-client.js"  # under a name that stays, too: pages of others import it
CLIENT_TYPES = "ticker-client.d.ts"

TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
    ".mjs": "text/javascript",
    ".svg": "image/svg+xml",
}
# Content Security Policy, level 3: nothing from elsewhere, nothing inline. 'self' takes in WebSockets to this address.
POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
)
LATER = "vendor/"  # loaded by who needs it
FOR_EVER = "public, max-age=31536000, immutable"
ASK_FIRST = "no-cache"


class Asset(Struct):
    """A file as it is sent."""

    body: bytes
    packed: bytes  # by gzip
    content_type: str
    tag: str


class Site:
    """The page for who asks for HTML, `otherwise` for anybody else who asks for `/`."""

    def __init__(self, otherwise: Handler, framed_by: Collection[str] = (), folder: Path = FOLDER) -> None:
        files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(_files(folder))}
        version = _version(files)
        page = files.pop(PAGE).replace(b"{assets}", f"assets/{version}".encode())
        self._page = _asset(PAGE, page.replace(b"{modules}", "\n    ".join(_preloads(files, version)).encode()))
        self._assets = {f"{version}/{name}": _asset(name, body) for name, body in files.items()}
        self._stable = {CLIENT: _asset(CLIENT, f'export * from "./assets/{version}/{CLIENT}";\n'.encode())}
        if CLIENT_TYPES in files:
            self._stable[CLIENT_TYPES] = self._assets[f"{version}/{CLIENT_TYPES}"]
        self._otherwise = otherwise
        self._policy = "; ".join([*POLICY, " ".join(["frame-ancestors 'self'", *framed_by])])

    def routes(self) -> list[web.RouteDef]:
        """Paths and handlers."""
        stable = [web.get(f"/{name}", self.stable) for name in self._stable]
        return [web.get("/", self.page), web.get("/assets/{name:.+}", self.asset), *stable]

    async def page(self, request: web.Request) -> web.StreamResponse:
        """The page."""
        if TYPES[".html"] not in request.headers.get(hdrs.ACCEPT, ""):
            answer = await self._otherwise(request)
            answer.headers.add(hdrs.VARY, hdrs.ACCEPT)
            return answer
        answer = _answer(request, self._page, ASK_FIRST)
        answer.headers.add(hdrs.VARY, hdrs.ACCEPT)
        answer.headers["Content-Security-Policy"] = self._policy
        answer.headers["Referrer-Policy"] = "no-referrer"
        return answer

    async def asset(self, request: web.Request) -> web.StreamResponse:
        """A file, by the hash of all and its name."""
        asset = self._assets.get(request.match_info["name"])
        if asset is None:
            raise web.HTTPNotFound
        return _answer(request, asset, FOR_EVER)

    async def stable(self, request: web.Request) -> web.StreamResponse:
        """The JavaScript client, for pages of others: all that it consists of is one of the files above."""
        return _answer(request, self._stable[request.path[1:]], ASK_FIRST)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))


def _version(files: dict[str, bytes]) -> str:
    digest = blake2b(digest_size=8)
    for name, body in files.items():
        digest.update(f"{name} {len(body)} ".encode() + body)
    return digest.hexdigest()


def _preloads(files: Collection[str], version: str) -> Iterator[str]:
    """All modules at once, or else the browser learns of each from the one that imports it.

    Of what is loaded later only that it is there: to ask for what is missing is an error on the browser's console.
    """
    for name in files:
        if name.startswith(LATER):
            yield f'<meta name="later" content="{name}">'
        elif Path(name).suffix == ".js":
            yield f'<link rel="modulepreload" href="assets/{version}/{name}">'


def _asset(name: str, body: bytes) -> Asset:
    content_type = TYPES.get(Path(name).suffix, "text/plain")
    tag = blake2b(body, digest_size=12).hexdigest()
    return Asset(body, gzip.compress(body, mtime=0), content_type, f'W/"{tag}"')  # weak: packed or not


def _answer(request: web.Request, asset: Asset, keep: str) -> web.StreamResponse:
    headers = {
        hdrs.ETAG: asset.tag,
        hdrs.CACHE_CONTROL: keep,
        hdrs.VARY: hdrs.ACCEPT_ENCODING,
        "X-Content-Type-Options": "nosniff",
    }
    if has_it(request.headers.getall(hdrs.IF_NONE_MATCH, ()), asset.tag):
        return web.Response(status=304, headers=headers)
    body, packing = asset.body, accepted(request.headers.getall(hdrs.ACCEPT_ENCODING, ()))
    if packing is web.ContentCoding.gzip and len(asset.packed) < len(body):
        body = asset.packed
        headers[hdrs.CONTENT_ENCODING] = packing.value
    return web.Response(body=body, content_type=asset.content_type, charset="utf-8", headers=headers)
