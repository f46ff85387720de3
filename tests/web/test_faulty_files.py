"""What is served while the files of the configuration have a fault that touches everybody."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import pytest

from tests.make_database import CONFIG
from tests.web.serving import served

PAGES = ("/", "/latest", "/publishers", "/about", "/complain", "/desk/login", "/feeds/latest.atom", "/api/reports")
FAULTY = ("wire.toml", "rights.toml")


@pytest.mark.parametrize("name", FAULTY)
def test_the_wire_is_served_by_the_files_before_until_the_fault_is_mended(
    name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    config = tmp_path / "config"
    shutil.copytree(CONFIG, config)
    with served(tmp_path, config, is_at_rest=False) as wire, caplog.at_level(logging.ERROR, "aggregator.web"):
        before = {path: wire.get(path, accept="text/html").status_code for path in PAGES}
        assert set(before.values()) == {200}
        right = (config / name).read_bytes()
        (config / name).write_bytes(right + b"\nx = [\n")
        assert {path: wire.get(path, accept="text/html").status_code for path in PAGES} == before
        said = [each.getMessage() for each in caplog.records if "stays in force here" in each.getMessage()]
        assert len(said) == 1
        assert f"{name}: line " in said[0]
        named = right if name != "wire.toml" else right.replace(b'name = "', b'name = "Neuer Name ', 1)
        (config / name).write_bytes(named)
        assert ("Neuer Name" in wire.get("/", accept="text/html").text) == (name == "wire.toml")
        (config / "wire.toml").unlink()
        assert wire.get("/", accept="text/html").status_code == 200
