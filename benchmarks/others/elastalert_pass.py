"""ElastAlert2 asking all its rules once, from its configuration and the two moments between which it looks.

Each rule has a connection of its own, which a first round opens; the second is measured. Nothing is sent, written or
looked up beside the queries of the rules, in its favour. A line tells that a round begins, the last what it took.
"""

from __future__ import annotations

import json
import sys
import time

from elastalert.elastalert import ElastAlerter
from elastalert.util import ts_to_dt


def _fail(message: str, *_: object) -> None:
    raise SystemExit(message)


if __name__ == "__main__":
    config, start, end = sys.argv[1:]
    alerter = ElastAlerter(["--config", config])
    matches: list[object] = []
    alerter.alert = lambda found, rule, **_: matches.extend(found)
    alerter.writeback = lambda *_, **__: None
    alerter.is_silenced = lambda *_: False
    alerter.handle_error = _fail
    for _ in range(2):
        matches.clear()
        print("round", flush=True)
        begun, cpu = time.perf_counter(), time.process_time()
        for rule in alerter.rules:
            rule["processed_hits"].clear()
            alerter.run_rule(rule, ts_to_dt(end), ts_to_dt(start))
    taken = {"seconds": time.perf_counter() - begun, "cpu_s": time.process_time() - cpu}
    print(json.dumps({"rules": len(alerter.rules), "matches": len(matches), **taken}))
