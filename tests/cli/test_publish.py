"""`publish` stores the wire's own reports, and a complaint about one asks for a correction of it."""

from __future__ import annotations

from pathlib import Path

from aggregator.model import Publisher
from aggregator.pipeline.own_reports import publish, read
from aggregator.store import Store
from tests.cli.test_cli import make_config
from tests.conftest import NOW
from tests.desk.test_desk import command
from tests.pipeline.test_own_reports import MANUSCRIPTS, own

__all__ = ["own"]  # a fixture


def test_a_complaint_about_the_wires_own_report_asks_for_a_correction(store: Store, own: Publisher) -> None:
    done = publish(store, own, read(MANUSCRIPTS / "water-bills.md", own.languages), NOW)
    said = command(store, "complaint", "add", done.id, "--kind", "own_content", "--text", "It is May")
    assert "`Correction:`" in said
    assert "aggregator publish" in said
    assert store.report(done.id) is not None


def test_the_command_publishes(tmp_path: Path, store: Store) -> None:
    file = tmp_path / "water-bills.md"
    file.write_text((MANUSCRIPTS / "water-bills.md").read_text())
    config = str(make_config(tmp_path / "config"))
    said = command(store, "--config", config, "publish", str(file))
    public_id, _, done = said.partition(": ")
    assert done == "new, Nairobi water bills to rise\n"
    assert (
        command(store, "--config", config, "publish", str(file))
        == f"{public_id}: unchanged, Nairobi water bills to rise\n"
    )
    assert command(store, "show", public_id).startswith("Test Wire (Arusha)\nNairobi water bills to rise\n")
    file.write_text("x")
    assert command(store, "--config", config, "publish", str(file), code=1) == (
        f"aggregator: {file}: found no front matter, expected TOML between two lines of +++\n"
    )
