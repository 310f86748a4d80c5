"""The briefing: what came in during some time, as one page to read, print or send.

:mod:`~search.briefing.period` says which articles are of that time, :mod:`~search.briefing.gather` asks the index for
what there is to say of them, and :mod:`~search.briefing.page` writes it; a story is shown as the messages of alerts
show it.
"""

from __future__ import annotations

from search.briefing.daily import save, write_daily
from search.briefing.gather import Briefing, gather
from search.briefing.page import page
from search.briefing.period import By, Period

__all__ = ["Briefing", "By", "Period", "gather", "page", "save", "write_daily"]
