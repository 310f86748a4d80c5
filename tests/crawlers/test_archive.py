"""The archive is WARC 1.1 as it came off the wire, and gives each response back."""

import gzip
from pathlib import Path

import pytest
from scrapy.http import HtmlResponse, Request
from warcio.archiveiterator import ArchiveIterator

from crawlers.archive import WarcFile, read_response
from wirewatch import batches
from wirewatch.batches import Batch
from wirewatch.errors import UserError
from wirewatch.records import Page, PageKind, PageOutcome, SourceRef, now

PAGES = ["<p>الجزائر</p>".encode(), "<p>été</p>".encode("latin-1"), b"<p>\x00</p>"]


def exchange(number: int, body: bytes) -> tuple[Request, HtmlResponse]:
    request = Request(
        f"http://a.example/{number}?q=é", headers={"User-Agent": "Wirewatch", "Proxy-Authorization": "Basic x"}
    )
    headers = {"Content-Encoding": "gzip", "Content-Type": "text/html", "X-Name": "José".encode("latin-1")}
    return request, HtmlResponse(request.url, headers=headers, body=gzip.compress(body), protocol="HTTP/1.1")


def page(warc: str | None, offset: int | None) -> Page:
    return Page(
        url="http://a.example/",
        source=SourceRef(id="a.example", name="A", country="DZ"),
        kind=PageKind.ARTICLE,
        outcome=PageOutcome.FETCHED if warc else PageOutcome.FAILED,
        reason=None if warc else "http-403",
        fetched=now(),
        warc=warc,
        offset=offset,
    )


@pytest.fixture
def warc(tmp_path: Path) -> tuple[Path, list[int]]:
    file = WarcFile(tmp_path / "pages.warc.gz")
    offsets = [file.add(*exchange(number, body)) for number, body in enumerate(PAGES)]
    file.close()
    return file.path, offsets


def test_each_response_is_found_at_its_offset(warc: tuple[Path, list[int]], tmp_path: Path) -> None:
    batch = Batch(tmp_path.as_uri(), "pages", "1-g00")
    with batches.write(batch) as out:
        out.add_file("pages.warc.gz", str(warc[0]))
    for number, offset in reversed(list(enumerate(warc[1]))):
        response = read_response(batch, page("pages.warc.gz", offset))
        assert response.url == f"http://a.example/{number}?q=%C3%A9"
        assert (response.status, response.body) == (200, PAGES[number])
        assert ("Content-Type", "text/html") in response.headers


def test_the_records_are_what_the_standard_asks_for(warc: tuple[Path, list[int]]) -> None:
    with warc[0].open("rb") as file:
        records = [(r.rec_type, r.rec_headers, r.http_headers, r.raw_stream.read()) for r in ArchiveIterator(file)]
    assert [kind for kind, *_ in records] == ["warcinfo"] + ["response", "request"] * 3
    _, answer, status, body = records[1]
    assert answer.protocol == "WARC/1.1" and answer.get_header("WARC-Payload-Digest").startswith("sha1:")
    assert status.get_header("Content-Encoding") == "gzip" and gzip.decompress(body) == PAGES[0]
    _, asked, line, _ = records[2]
    assert asked.get_header("WARC-Concurrent-To") == answer.get_header("WARC-Record-ID")
    assert (line.protocol, line.statusline) == ("GET", "/0?q=%C3%A9 HTTP/1.1")
    assert line.get_header("Host") == "a.example" and line.get_header("Proxy-Authorization") is None


def test_a_page_that_was_not_fetched_is_named_with_its_reason() -> None:
    with pytest.raises(UserError, match=r"http://a.example/ was not fetched in batch 1-g00 \(http-403\)"):
        read_response(Batch("memory:/x", "pages", "1-g00"), page(None, None))


def test_a_wrong_offset_is_a_damaged_archive(warc: tuple[Path, list[int]], tmp_path: Path) -> None:
    batch = Batch(tmp_path.as_uri(), "pages", "1-g00")
    with batches.write(batch) as out:
        out.add_file("pages.warc.gz", str(warc[0]))
    with pytest.raises(UserError, match="no response at byte 0"):
        read_response(batch, page("pages.warc.gz", 0))
