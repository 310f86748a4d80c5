from __future__ import annotations

from elasticsearch import Elasticsearch
from typer.testing import CliRunner

from search.indices import standing
from tests.search.test_migrate import NEW, OLD, make_old, put
from wirewatch.cli import cli


def test_the_commands_say_what_they_did(es: Elasticsearch) -> None:
    make_old(es)
    put(es, 1, "Body")
    es.indices.refresh(index=OLD)

    def said(*command: str) -> str:
        done = CliRunner().invoke(cli, command)
        assert done.exit_code == 0, done.output
        return " ".join(done.output.split())

    assert f"Of an older schema: {OLD}. `wirewatch index migrate`" in said("index", "init")
    assert f"Replaced: {OLD}. They are kept for 7 days" in said("index", "migrate")
    assert "All articles are in indices of the present schema." in said("index", "migrate")
    assert "Of an older" not in said("index", "init")
    assert list(standing(es)) == [NEW]
