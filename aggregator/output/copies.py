"""Where the wire's copies of pictures are, for what is published on another site than the wire's."""

from __future__ import annotations

from msgspec.structs import replace

from aggregator.model.release import Picture, Release

FOLDER = "pictures"


def moved(release: Release, site: str) -> Release:
    """The same report, with its copies in the folder `pictures` of this site. `site`: without a slash at its end, or
    the way up to it from where the report is.
    """
    if not any(each.copy for each in release.pictures):
        return release
    return replace(release, pictures=tuple(_moved(each, site) for each in release.pictures))


def names(release: Release) -> list[str]:
    """The files of its copies in that folder."""
    return [_name(size.url) for each in release.pictures for size in each.sizes]


def without(release: Release, missing: set[str]) -> Release:
    """The same report, without copies of which a file is missing."""
    left = tuple(each for each in release.pictures if not missing.intersection(_name(size.url) for size in each.sizes))
    return release if len(left) == len(release.pictures) else replace(release, pictures=left)


def _moved(picture: Picture, site: str) -> Picture:
    if not picture.copy:
        return picture
    sizes = tuple(replace(each, url=f"{site}/{FOLDER}/{_name(each.url)}") for each in picture.sizes)
    return replace(picture, url=f"{site}/{FOLDER}/{_name(picture.url)}", sizes=sizes)


def _name(url: str) -> str:
    return url.rpartition("/")[2]
