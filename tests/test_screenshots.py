"""The pictures of pages in docs/pictures: each view has one, and none is larger than a page of documentation bears."""

from __future__ import annotations

import re

from PIL import Image

from tests.make_screenshots import HERE, INTO, MOST, VIEWS, WIDE


def test_every_view_has_a_small_picture() -> None:
    assert {each.stem for each in INTO.iterdir()} == set(VIEWS)
    for each in INTO.iterdir():
        assert each.stat().st_size <= MOST, each.name
        with Image.open(each) as picture:
            assert picture.width <= WIDE["width"], each.name


def test_the_readme_leads_to_every_picture() -> None:
    readme = (HERE / "README.md").read_text()
    assert set(re.findall(r"\]\(docs/pictures/([a-z-]+)\.png\)", readme)) == set(VIEWS)
