"""What is loaded before processes fork is there in each of them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCRIPT = """
import json, os
from enrichment.enrich import enriched
from enrichment.gazetteer.automaton import places_automaton
from enrichment.pipelines import pipeline
from enrichment.preload import SENTENCES, preload
from tests.enrichment.articles import article

preload()
loaded = [table.cache_info().misses for table in (pipeline, places_automaton)]
for _ in range(2):
    if not os.fork():
        found = [done for done, _ in enriched(article(text[:40], text, path=code) for code, text in SENTENCES.items())]
        more = [table.cache_info().misses for table in (pipeline, places_automaton)]
        embedded = sum(len(one.embedding) == 384 for one in found)
        countries = [one.countries for one in found]
        told = {"countries": countries, "embedded": embedded, "as before": loaded == more}
        print(json.dumps(told), flush=True)
        os._exit(0)
    os.wait()
"""


def test_who_is_forked_after_the_models_are_loaded_loads_none() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    first, second = map(json.loads, done.stdout.splitlines())
    assert first == second and first["as before"] and first["embedded"] == 6
    assert all({"DZ", "RU"} <= set(countries) for countries in first["countries"])
