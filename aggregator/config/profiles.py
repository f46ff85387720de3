"""Reads the profiles of rights.toml, and makes the Rights of a publisher from one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from aggregator.config.bare import merged
from aggregator.config.shapes.checking import check, check_part
from aggregator.config.shapes.rights import RIGHTS
from aggregator.config.toml import TomlTable, read_toml
from aggregator.model import Rights, Uses
from aggregator.rights import did_you_mean, fault, faults_of_rights, in_a_word


class Profiles(Struct, frozen=True):
    """The named profiles of rights.toml."""

    sound: Mapping[str, TomlTable]
    faulty: Mapping[str, Sequence[str]]  # the faults of each, as lines


def profiles_of(table: TomlTable) -> Profiles:
    lines = {name: check_part(RIGHTS, {name: profile}) for name, profile in table.items()}
    return Profiles(
        sound={name: profile for name, profile in table.items() if not lines[name]},
        faulty={name: of_profile for name, of_profile in lines.items() if of_profile},
    )


def sound_profiles(folder: Path) -> dict[str, Rights]:
    """The profiles of rights.toml that are sound, by name, as they are where a publisher's file says nothing more. They
    need not keep the rules between the keys: of an open licence a publisher's file says which. ConfigError: the file
    cannot be read.
    """
    found = profiles_of(read_toml(folder, "rights.toml"))
    shapes = {name: check(RIGHTS, {name: profile})[0] for name, profile in found.sound.items()}
    return {name: shape[name] for name, shape in shapes.items() if shape is not None}


def rights_of(table: TomlTable, profiles: Profiles | None) -> tuple[Rights | None, Sequence[str]]:
    """A publisher's profile with its own [rights] over it, and what is wrong with the outcome."""
    name, own = table.get("rights_profile"), table.get("rights", {})
    if not isinstance(own, dict) or not isinstance(name, str):
        return None, ()  # the shape of the file says so
    profile = None if profiles is None else profiles.sound.get(name)
    if profile is None:
        lines = check_part(RIGHTS, {"rights": own})
        if profiles is not None and name not in profiles.faulty:
            known = (*profiles.sound, *profiles.faulty)
            expected = f"a profile of rights.toml: {', '.join(known)}{did_you_mean(name, known)}"
            lines.append(fault("rights_profile", name, expected))
        return None, lines
    shape, lines = check(RIGHTS, {"rights": merged(profile, own)})
    if shape is None:
        return None, lines
    rights = shape["rights"]
    if isinstance(rights.ai_use, Uses):
        rights = replace(rights, ai_use=in_a_word(rights.ai_use))
    return rights, faults_of_rights(rights)
