"""Says which publishers' and subscribers' files have faults, for the commands that go on without these."""

from __future__ import annotations

from aggregator.cli.printing import say
from aggregator.model import Config
from aggregator.model.errors import ConfigError
from aggregator.pipeline.faults import names_of
from aggregator.pipeline.opening import load_config
from aggregator.pipeline.paths import Paths
from aggregator.text.printable import escaped


def say_faults(config: Config) -> bool:
    """Every fault, a line each, and whom it stops, to standard error; whether there is one."""
    for line in config.faults:
        say(escaped(line), err=True)
    if config.faulty:
        said = "what is stored of them stays as it is. `aggregator check` names every fault"
        say(f"not polled until these faults are corrected: {names_of(config.faulty)}; {said}", err=True)
    if config.faulty_subscribers:
        names = names_of(config.faulty_subscribers)
        say(f"sent nothing until these faults are corrected: {names}; what they are owed stays owed", err=True)
    if config.faulty_searches:
        names = names_of(config.faulty_searches)
        say(
            f"no alerts until these faults are corrected, of what these searches find: {names}; it stays owed", err=True
        )
    return bool(config.faults)


def say_faults_of_files(paths: Paths) -> bool:
    """As `say_faults`, for a command that needs the database alone: whether there is a configuration with a fault."""
    try:
        paths.config_folder()
    except ConfigError:  # there is none, and this command needs none
        return False
    try:
        return say_faults(load_config(paths))
    except ConfigError as error:
        for line in error.faults:
            say(escaped(line), err=True)
        return True
