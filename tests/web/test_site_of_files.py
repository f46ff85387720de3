"""The site of plain files in a browser that opens its files, as whoever has just exported it does."""

from __future__ import annotations

from pathlib import Path

from tests.web.browsing import SECONDS, launched
from tests.web.test_pictures import showing


def test_a_page_that_is_opened_as_a_file_has_its_style_and_its_picture(tmp_path: Path) -> None:
    """Its policy lets in what stands beside it, whatever it was opened by."""
    out = tmp_path / "site"
    with showing(tmp_path) as shown:
        shown.desk("export", "static", "--out", str(out))
    refused: list[str] = []
    with launched() as browser:
        page = browser.new_page()
        page.set_default_timeout(SECONDS * 1_000)
        page.on("console", lambda message: refused.append(message.text))
        page.goto((out / "report" / f"{shown.report}.html").as_uri())
        page.wait_for_function("document.images[0].complete")
        assert page.evaluate("document.images[0].naturalWidth") > 0
        assert page.evaluate("document.styleSheets.length") == 1
    assert refused == []
