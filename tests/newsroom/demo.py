"""``make demo``: the whole way of an article, from the demo newsroom to an analyst's search result.

The first run sees the newsroom's first edition, every later one its second, so that running it again shows what a
second night does: only what changed is fetched, and nothing is there twice.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from rich.markup import escape

from tests.newsroom.server import Newsroom
from wirewatch import batches
from wirewatch.batches import Batch
from wirewatch.cli import alerts, local, search, stages
from wirewatch.cli.console import console, problem
from wirewatch.errors import UserError
from wirewatch.settings import get_settings

QUESTION = "Russia military cooperation Africa"
KQL = "Russia and military and cooperation and Africa"


def main() -> None:
    """Run the pipeline once over the newsroom, ask the analyst's question and say what to try next."""
    os.environ |= {
        "WIREWATCH_CRAWL__ALLOW_PRIVATE": "true",
        "WIREWATCH_CRAWL__DELAY": "0",
        "WIREWATCH_CRAWL__TIMEOUT": "10",
        "WIREWATCH_ALERTS": str(Path(__file__).with_name("alerts.yml")),
    }
    if get_settings().elasticsearch.url is None:
        local.start()
    edition = 2 if batches.finished(get_settings().batches, "pages") else 1
    with Newsroom(edition=edition, slow=1) as room:
        os.environ["WIREWATCH_SOURCES"] = str(room.sources)
        get_settings.cache_clear()
        articles = sum(len(found) for found in room.articles.values())
        console.print(
            f"The newsroom serves {len(room.sites)} sites with {articles} articles (edition {edition}) "
            f"on port {room.port}.\n"
        )
        alerts.apply_file(yes=True)
        written: list[Batch] = []
        stages.go_the_whole_way(None, written)
    console.print(f"\nAn analyst types [bold]{QUESTION}[/]:\n")
    search.show(search.answer(QUESTION, size=4))
    console.print("\nTry next:")
    for command, what in (
        (f'wirewatch search --kql "{KQL}"', "what Kibana's search bar would find"),
        ('wirewatch search "terremoto en Turquía" --language ar', "ask in one language, read another"),
        ("wirewatch search Nigeria --topic elections --json", "filters; JSON for scripts"),
        ("wirewatch alerts list", "who is told of what"),
        ("wirewatch batches", "what each stage did"),
        ("make demo", "once more: the newsroom's second edition, only changes are fetched"),
        ("make newsroom", "look at the sites in a browser"),
        ("make up", "Airflow and the node in the background; make down stops them"),
    ):
        console.print(f"  [cyan]{escape(_runnable(command)):90}[/] {escape(what)}", soft_wrap=True, highlight=False)
    console.print(
        f"\nAll notices: {get_settings().home / 'notices.jsonl'}. The articles stay in the index of this home.\n",
        soft_wrap=True,
        highlight=False,
    )
    stages.summarize(written)


def _runnable(command: str) -> str:
    """A command as it can be typed where the virtual environment is not active."""
    return f".venv/bin/{command}" if command.startswith("wirewatch") else command


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        problem(str(error))
        sys.exit(1)
