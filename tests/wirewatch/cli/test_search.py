from __future__ import annotations

from datetime import UTC, datetime

import pytest

from search.query import Copies, Hit, Results
from wirewatch.cli.search import show
from wirewatch.records import SourceRef

DAY = datetime(2026, 11, 20, tzinfo=UTC)


def test_a_hit_says_what_became_of_it_and_where_its_copies_are(capsys: pytest.CaptureFixture[str]) -> None:
    outlet = SourceRef(id="a.example", name="A", country="KE")
    plain = Hit(id="1", score=1, title="Plain", url="http://a.example/1", source=outlet)
    fate = {
        "gone": DAY,
        "changed": (DAY, DAY),
        "extracted_from": "feed",
        "copies": Copies(count=2, sources=("B", "C")),
    }
    show(Results(total=2, documents=4, took_ms=1, hits=(plain, plain.model_copy(update=fate))))
    printed = capsys.readouterr().out
    assert "2 articles and 2 copies of them" in printed
    for line in (
        "removed by the site on 20 Nov 2026",
        "changed 2 times, last on 20 Nov 2026",
        "from the feed",
        "2 copies: B, C",
    ):
        assert printed.count(line) == 1
    show(Results(total=1, documents=1, took_ms=1, hits=(plain.model_copy(update={"duplicate_of": "0"}),)))
    assert "a copy of an article that was indexed before" in " ".join(capsys.readouterr().out.split())
