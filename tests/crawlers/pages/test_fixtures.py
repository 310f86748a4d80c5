"""Saved pages: each page object gives what ``output.json`` says. See ``docs/write-a-page-object.md``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from web_poet.serialization import load_class
from web_poet.testing import Fixture

FOLDER = Path(__file__).parent / "fixtures"
SAVED = sorted(path.parent for path in FOLDER.glob("*/*/output.json"))


@pytest.mark.parametrize("folder", SAVED, ids=lambda folder: f"{folder.parent.name}/{folder.name}")
def test_a_saved_page_gives_the_item_that_was_written_down_for_it(folder: Path):
    saved = Fixture(folder)
    item = saved.get_output(load_class(folder.parent.name))
    # As JSON, which knows no tuples.
    assert json.loads(json.dumps(item)) == saved.get_expected_output()
