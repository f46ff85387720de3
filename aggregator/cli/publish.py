"""publish: a report of the wire's own, from a Markdown file."""

from __future__ import annotations

from pathlib import Path

import click

from aggregator.cli.printing import say
from aggregator.cli.times import with_times
from aggregator.model.errors import ConfigError
from aggregator.pipeline import own_reports as manuscript
from aggregator.pipeline.opening import load_config, open_wire, publisher_file
from aggregator.pipeline.paths import Paths
from aggregator.text.dates import utc_now


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_obj
def publish(paths: Paths, file: Path) -> None:
    """Publish a report of the wire's own, a Markdown file.

    Title, byline and the like are TOML between lines of +++ at its beginning. The same file again is another version of
    the report, and a correction if it says so.
    """
    config = load_config(paths)
    publisher = next((one for one in config.publishers if one.key == config.wire.publisher), None)
    if publisher is None:
        raise ConfigError([line for each in config.faulty if each.key == config.wire.publisher for line in each.faults])
    report = manuscript.read(file, publisher.languages, publisher_file(paths, publisher.key))
    with open_wire(paths, config, utc_now()) as store:
        done = manuscript.publish(store, publisher, report, utc_now())
        notice = store.notice(done.id)
    say(f"{done.id}: {done.change or 'unchanged'}, {report.title}")
    if notice:
        say(f"It is out of the wire, and stays so. Its notice: {with_times(notice['text'])}")
