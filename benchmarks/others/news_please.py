"""news-please as a library over a list of addresses. It fetches them with threads and extracts with processes."""

from __future__ import annotations

import sys
from pathlib import Path

import local_names  # noqa: F401 - for its effect
from newsplease import NewsPlease

if __name__ == "__main__":
    urls = Path(sys.argv[1]).read_text().split()
    found = NewsPlease.from_urls(urls, request_args={"timeout": 60}, fetch_images=False)
    print(sum(1 for article in found.values() if article and article.maintext), "articles")
