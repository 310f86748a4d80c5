"""What the processes that read pages have in memory from the start, and share: their fork server alone imports this.

The model that tells languages takes half a second and 60 MB.
"""

from __future__ import annotations

import crawlers.extract  # noqa: F401
from wirewatch import language

language.load()
