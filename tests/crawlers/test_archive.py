"""The archive is WARC 1.1 as it came off the wire, and gives each response back."""

import gzip
import json
from pathlib import Path

import pytest
from scrapy.http import HtmlResponse, Request
from warcio.archiveiterator import ArchiveIterator
from warcio.cli import main as warcio

from crawlers.archive import WarcFile, read_response
from wirewatch import batches
from wirewatch.batches import Batch
from wirewatch.errors import UserError
from wirewatch.records import Page, PageKind, PageOutcome, SourceRef, now

PAGES = ["<p>الجزائر</p>".encode(), "<p>été</p>".encode("latin-1"), b"<p>\x00</p>"]


def exchange(number: int, body: bytes) -> tuple[Request, HtmlResponse]:
    request = Request(
        f"http://a.example/{number}?q=é",
        headers={"User-Agent": "Wirewatch", "Proxy-Authorization": "Basic x"},
        meta={"source": "a.example", "via": "http://a.example/feed\r\nforged: x", "download_latency": 0.0426},
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
    file = WarcFile(tmp_path, "pages", 2**30)
    places = [file.add(*exchange(number, body)) for number, body in enumerate(PAGES)]
    file.close()
    assert {name for name, _ in places} == {"pages-00000.warc.gz"}
    return tmp_path / "pages-00000.warc.gz", [offset for _, offset in places]


def batch_of(folder: Path, *files: Path) -> Batch:
    batch = Batch(folder.as_uri(), "pages", "1-g00")
    with batches.write(batch) as out:
        for file in files:
            out.add_file(file.name, file)
    return batch


def test_each_response_is_found_at_its_offset(warc: tuple[Path, list[int]], tmp_path: Path) -> None:
    batch = batch_of(tmp_path, warc[0])
    for number, offset in reversed(list(enumerate(warc[1]))):
        response = read_response(batch, page(warc[0].name, offset))
        assert response.url == f"http://a.example/{number}?q=%C3%A9"
        assert (response.status, response.body) == (200, PAGES[number])
        assert ("Content-Type", "text/html") in response.headers


def test_the_records_are_what_the_standard_asks_for(warc: tuple[Path, list[int]]) -> None:
    with warc[0].open("rb") as file:
        records = [(r.rec_type, r.rec_headers, r.http_headers, r.raw_stream.read()) for r in ArchiveIterator(file)]
    assert [kind for kind, *_ in records] == ["warcinfo"] + ["response", "request", "metadata"] * 3
    _, answer, status, body = records[1]
    assert answer.protocol == "WARC/1.1" and answer.get_header("WARC-Payload-Digest").startswith("sha1:")
    assert status.get_header("Content-Encoding") == "gzip" and gzip.decompress(body) == PAGES[0]
    _, asked, line, _ = records[2]
    assert asked.get_header("WARC-Concurrent-To") == answer.get_header("WARC-Record-ID")
    assert (line.protocol, line.statusline) == ("GET", "/0?q=%C3%A9 HTTP/1.1")
    assert line.get_header("Host") == "a.example" and line.get_header("Proxy-Authorization") is None
    _, about, _, fields = records[3]
    assert about.get_header("WARC-Concurrent-To") == answer.get_header("WARC-Record-ID")
    assert about.get_header("Content-Type") == "application/warc-fields"
    assert fields == b"source: a.example\r\nvia: http://a.example/feed forged: x\r\nfetchTimeMs: 43\r\n"


def test_a_full_file_is_followed_by_another_one(tmp_path: Path) -> None:
    file = WarcFile(tmp_path, "pages", 4000)
    places = [file.add(*exchange(number, body)) for number, body in enumerate(PAGES * 4)]
    file.close()
    files = sorted(tmp_path.glob("*.warc.gz"))
    assert len(files) >= 3 and [f.name for f in files] == [f"pages-{n:05}.warc.gz" for n in range(len(files))]
    assert {name for name, _ in places} == {f.name for f in files}
    # A file gets nothing more once it is full: it is larger by one exchange at most.
    assert all(4000 <= f.stat().st_size < 8000 for f in files[:-1])
    batch = batch_of(tmp_path, *files)
    for number, (name, offset) in enumerate(places):
        assert read_response(batch, page(name, offset)).body == (PAGES * 4)[number]
    for path in files:
        with path.open("rb") as opened:
            info = next(ArchiveIterator(opened))
            assert (info.rec_type, info.rec_headers.get_header("WARC-Filename")) == ("warcinfo", path.name)


def test_warcio_finds_every_digest_right_and_every_record_compressed_by_itself(
    warc: tuple[Path, list[int]], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="0"):
        warcio(["check", "-v", str(warc[0])])
    said = capsys.readouterr().out
    assert said.count("digest pass") == 10 and "fail" not in said
    warcio(["index", "-f", "offset,warc-type", str(warc[0])])
    index = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [int(row["offset"]) for row in index if row["warc-type"] == "response"] == warc[1]
    damaged = bytearray(gzip.decompress(warc[0].read_bytes()))
    damaged[damaged.index(b"WARC/1.1", 100) - 5] ^= 1
    warc[0].write_bytes(bytes(damaged))
    with pytest.raises(SystemExit, match="1"):
        warcio(["check", str(warc[0])])


def test_a_page_that_was_not_fetched_is_named_with_its_reason() -> None:
    with pytest.raises(UserError, match=r"http://a.example/ was not fetched in batch 1-g00 \(http-403\)"):
        read_response(Batch("memory:/x", "pages", "1-g00"), page(None, None))


def test_a_wrong_offset_is_a_damaged_archive(warc: tuple[Path, list[int]], tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no response at byte 0"):
        read_response(batch_of(tmp_path, warc[0]), page(warc[0].name, 0))
