"""Taking up changed settings, and a changed certificate, while the service runs: all or nothing.

Files are looked at, because mounted ones change without a signal; SIGHUP has them looked at now.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path

import structlog
from msgspec import Struct
from pydantic import BaseModel

from feeds.errors import TickerError
from feeds.feed import Clock
from ticker.errors import SettingsError
from ticker.reloads import Reloads
from ticker.settings import Settings

# What is taken up. All else takes a restart.
SECTIONS_TAKEN_UP = ("limits", "drain", "feeds")
KEYS_TAKEN_UP = ("logging.level", "tls.certificate", "tls.key")
NOT_TAKEN_UP = ("limits.request_head_s",)

log = structlog.get_logger("ticker")


class Source(Struct, frozen=True):
    """Where settings come from: the file, if any, and how all that there is is read."""

    file: Path | None
    read: Callable[[], Settings]  # raises SettingsError


class Reloader:
    """Looks at the files, and has the service take up what changed."""

    def __init__(
        self,
        source: Source,
        settings: Settings,
        take_up: Callable[[Settings], Awaitable[None]],
        reloads: Reloads,
        clock: Clock,
    ) -> None:
        self._reloads = reloads
        self._source = source
        self._settings = settings
        self._take_up = take_up
        self._clock = clock
        self._seen = _contents(self._files())
        self._told = asyncio.Event()

    @property
    def has_files(self) -> bool:
        """Whether there is anything that can change."""
        return bool(self._files())

    def look_now(self) -> None:
        """Somebody says that something has changed."""
        self._told.set()

    async def run(self, every_s: float) -> None:
        """Look now and then until cancelled."""
        while True:
            told = await self._wait(every_s)
            seen = await asyncio.to_thread(_contents, self._files())
            if told or seen != self._seen:
                await self._reload()
                # There may be other files now. Those that there were may have changed meanwhile: that is for next time.
                now = await asyncio.to_thread(_contents, self._files())
                self._seen = {file: seen.get(file, content) for file, content in now.items()}

    async def _wait(self, every_s: float) -> bool:
        try:
            async with asyncio.timeout(every_s):
                await self._told.wait()
        except TimeoutError:
            return False
        self._told.clear()
        return True

    async def _reload(self) -> None:
        try:
            settings = self._source.read()
            await self._take_up(settings)
        except TickerError as error:
            self._reloads.successful = False
            problems = [str(one) for one in error.problems] if isinstance(error, SettingsError) else [str(error)]
            log.error("the new settings cannot be used; the old ones stay in effect", problems=problems)
        except Exception:  # a bug in this must not end the service
            self._reloads.successful = False
            log.exception("the new settings could not be taken up, which is a bug")
        else:
            self._reloads.successful, self._reloads.taken_at = True, self._clock()
            _tell(differences(self._settings, settings))
            self._settings = settings

    def _files(self) -> Sequence[Path]:
        tls = self._settings.tls
        pair = [Path(name) for name in (tls.certificate, tls.key) if name is not None]
        return [*pair, self._source.file] if self._source.file else pair


def differences(old: Settings, new: Settings) -> list[str]:
    """The keys that differ, like `limits.clients`; of feeds by name, like `feeds.coinbase`."""
    return [*_differing(old, new)]


def needs_restart(key: str) -> bool:
    """Whether a change of this key does nothing until the next start."""
    return key in NOT_TAKEN_UP or not (key in KEYS_TAKEN_UP or key.split(".", maxsplit=1)[0] in SECTIONS_TAKEN_UP)


def _differing(old: Settings, new: Settings) -> Iterator[str]:
    for name in type(old).model_fields:
        before, after = getattr(old, name), getattr(new, name)
        if isinstance(before, BaseModel):
            keys = type(before).model_fields
            yield from (f"{name}.{key}" for key in keys if getattr(before, key) != getattr(after, key))
    were, are = ({feed.name: feed for feed in settings.feeds} for settings in (old, new))
    yield from (f"feeds.{name}" for name in dict.fromkeys((*were, *are)) if were.get(name) != are.get(name))


def _tell(changed: Sequence[str]) -> None:
    """What changed; not to what, because there may be secrets among it."""
    taken = [key for key in changed if not needs_restart(key)]
    log.info("settings were read again", changed=taken)
    if left := [key for key in changed if needs_restart(key)]:
        log.warning("these settings take a restart; until then the old ones hold", keys=left)


def _contents(files: Sequence[Path]) -> dict[Path, bytes | None]:
    """What is in each, None where it cannot be read."""
    found: dict[Path, bytes | None] = {}
    for file in files:
        try:
            found[file] = file.read_bytes()
        except OSError:
            found[file] = None
    return found
