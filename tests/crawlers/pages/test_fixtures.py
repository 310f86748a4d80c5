"""Saved pages: each page object gives what ``output.json`` says. See ``docs/write-a-page-object.md``.

``python -m tests.crawlers.pages.test_fixtures`` writes what they give now: read the differences before you commit them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from web_poet.serialization import load_class
from web_poet.testing import Fixture

from crawlers.pages.article import ArticlePage
from crawlers.pages.item import ArticleItem

FOLDER = Path(__file__).parent / "fixtures"
SAVED = sorted(path.parent for path in FOLDER.glob("*/*/output.json"))


@pytest.mark.parametrize("folder", SAVED, ids=lambda folder: f"{folder.parent.name}/{folder.name}")
def test_a_saved_page_gives_the_item_that_was_written_down_for_it(folder: Path):
    assert given(folder) == Fixture(folder).get_expected_output()


def given(folder: Path) -> dict[str, Any]:
    """As JSON, which knows no tuples."""
    item: dict[str, Any] = json.loads(json.dumps(Fixture(folder).get_output(load_class(folder.parent.name))))
    return item


@pytest.mark.parametrize("name", sorted({folder.parent.name for folder in SAVED}))
def test_a_class_is_of_use_on_a_saved_page(name: str):
    def differs(saved: Fixture) -> bool:
        generic = saved.get_page(ArticlePage)
        ours = saved.get_page(load_class(name))
        fields = [name for name in vars(type(ours)) if name in ArticleItem.model_fields]
        return any(getattr(generic, field) != getattr(ours, field) for field in fields)

    assert any(differs(Fixture(folder)) for folder in SAVED if folder.parent.name == name)


if __name__ == "__main__":
    for folder in SAVED:
        if (now := given(folder)) != Fixture(folder).get_expected_output():
            text = json.dumps(now, ensure_ascii=False, sort_keys=True, indent=2)
            Fixture(folder).output_path.write_text(text, encoding="utf-8")
            print(folder)
