"""Says by which configuration the daemon of a wire works, where that is not the one of the files now."""

from __future__ import annotations

from aggregator.cli.times import when
from aggregator.model.errors import ConfigError
from aggregator.pipeline.cached import digest
from aggregator.pipeline.paths import Paths
from aggregator.store import RunningDaemon, running_daemon


def daemon_of(paths: Paths) -> tuple[RunningDaemon, bool] | None:
    """The daemon that runs, and whether it works by the files as they are now; None: there is none."""
    try:
        daemon = running_daemon(paths.database())
    except ConfigError:  # there is no configuration, so no place of a database
        return None
    if daemon is None:
        return None
    try:
        return daemon, daemon.digest == digest(paths.config_folder())
    except OSError:  # what cannot be read is in force nowhere
        return daemon, False


def as_object(paths: Paths) -> dict[str, object] | None:
    """For machines: None where no daemon runs."""
    found = daemon_of(paths)
    if found is None:
        return None
    daemon, is_current = found
    return {"pid": daemon.pid, "since": daemon.since, "is_current": is_current}


def older_configuration(paths: Paths, *, is_faulty: bool) -> str | None:
    """A sentence about a daemon that works by other files than those of now; `is_faulty`: these it will not take."""
    found = daemon_of(paths)
    if found is None or found[1]:
        return None
    daemon = found[0]
    if daemon.since is None:
        return (
            f"process {daemon.pid} uses the database and does not say by which configuration; if it is a daemon, an"
            " older version began it: start it again"
        )
    then = "until the faults are corrected" if is_faulty else "and takes these files over within seconds"
    return f"the daemon, process {daemon.pid}, works by the configuration that it read at {when(daemon.since)}, {then}"
