"""The driver of the descriptions: /docs/ for people, and what programs read."""

from collections.abc import Mapping

from aiohttp import web

from ticker.descriptions.documents import NAMES, text
from ticker.descriptions.page import page, policy

# The next version has others.
HEADERS: Mapping[str, str] = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
MEDIA: Mapping[str, str] = {"json": "application/json", "yaml": "application/yaml"}


def routes() -> list[web.RouteDef]:
    """Paths and handlers."""
    return [
        web.get("/docs", _redirect),
        web.get("/docs/", _page),
        web.get("/docs/{document}", _document),
    ]


async def _redirect(_: web.Request) -> web.Response:
    """The page's links begin at its folder, also behind a proxy that has it elsewhere."""
    return web.Response(status=308, headers={"Location": "docs/"})


async def _page(_: web.Request) -> web.Response:
    headers = {**HEADERS, "Content-Security-Policy": policy(), "Referrer-Policy": "no-referrer"}
    return web.Response(body=page(), content_type="text/html", charset="utf-8", headers=headers)


async def _document(request: web.Request) -> web.Response:
    for name in NAMES:
        for suffix, media in MEDIA.items():
            if request.match_info["document"] == f"{name}.{suffix}":
                return web.Response(body=text(name), content_type=media, headers=HEADERS)
    raise web.HTTPNotFound
