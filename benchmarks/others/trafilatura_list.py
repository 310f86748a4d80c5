"""trafilatura's own command over a list of addresses, without its waiting, on two threads for downloads."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import local_names  # noqa: F401 - for its effect
import trafilatura
from trafilatura import cli

OURS = {"SLEEP_TIME": "SLEEP_TIME = 0", "SSRF_PROTECTION": "SSRF_PROTECTION = off"}
"""No waiting; and the sites are on loopback, which it would refuse."""


if __name__ == "__main__":
    general = (Path(trafilatura.__file__).parent / "settings.cfg").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "settings.cfg"
        kept = [line for line in general.splitlines() if line.partition(" ")[0] not in OURS]
        config.write_text("\n".join([*kept, *OURS.values()]))
        args = ["-i", sys.argv[1], "-o", f"{folder}/out", "--json", "--parallel", "8", "--config-file", str(config)]
        sys.argv[1:] = args
        cli.main()
        print(sum(1 for file in Path(folder).rglob("*.json")), "articles")
