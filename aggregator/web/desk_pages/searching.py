"""Searches sites for feeds on behalf of people at the desk: one at a time, so many an hour, and none for long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from threading import Lock

from msgspec import Struct, field

from aggregator.model import Config
from aggregator.model.errors import ConfigError, FetchError
from aggregator.model.place import Place
from aggregator.pipeline.discovery.prober import Survey
from aggregator.pipeline.opening import refuse_placeholders
from aggregator.pipeline.probing import surveyed
from aggregator.rights import is_address
from aggregator.text.urls import host_fault, without_user
from aggregator.web.limits import Bucket

_AT_ONCE, _AN_HOUR = 10, 40.0  # searches of all people together
_SECONDS = 30.0  # after which no more of a site is tried
_LONGEST_SECONDS = 75.0  # after which a search is given up
_LONGEST = 1_000  # characters of an address


class NotSearched(Exception):
    """Why a site was not searched: a sentence in English."""


class Searches(Struct):
    """Those that this server makes. It may be used by several threads."""

    _lock: Lock = field(default_factory=Lock)
    _bucket: Bucket | None = None

    def survey(self, config: Config, database: Place, url: str, clock: Callable[[], datetime]) -> Survey:
        """What a site offers, by the same search as `aggregator probe`, which asks no private address but those that
        wire.toml allows. It takes up to a minute. Raises NotSearched.
        """
        if not self._lock.acquire(blocking=False):
            raise NotSearched("another site is being searched now; try again in a minute")
        try:
            now = clock()
            self._bucket = self._bucket or Bucket(_AT_ONCE, now)
            if wait := self._bucket.take(now, _AT_ONCE, _AN_HOUR / 3600):
                raise NotSearched(f"too many sites were searched of late; try again in {wait} s")
            refuse_placeholders(config, url)
            search = surveyed(config.wire, url, clock, database, seconds=_SECONDS)
            return asyncio.run(asyncio.wait_for(search, _LONGEST_SECONDS))
        except ConfigError as error:
            raise NotSearched("; ".join(error.faults)) from error
        except FetchError as error:
            raise NotSearched(str(error)) from error
        except TimeoutError as error:
            raise NotSearched(f"the site took longer than {_LONGEST_SECONDS:.0f} seconds; try again later") from error
        finally:
            self._lock.release()


def address_of(said: str) -> str:
    """The address of a site, of which people leave out the beginning. Raises NotSearched for what is none, or opens
    with a secret.
    """
    url = said if "://" in said else f"https://{said}"
    if "${" in url or without_user(url) != url:
        raise NotSearched("found ${NAME} or a user name, expected an address that opens without")
    if not said or len(url) > _LONGEST or not is_address(url):
        raise NotSearched("expected an address of http or https, such as https://daily.example")
    if why := host_fault(url):
        raise NotSearched(f"its host cannot be looked up: {why}")
    return url
