"""What a site writes on most of its pages is learned from them and taken out, in any language; the rest stays."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from crawlers import habits
from crawlers.extract import extract
from crawlers.habits import Habits
from tests.crawlers.handmade import SITE, SOURCE, Answer, articles, day, only, pages_batch, receipts
from wirewatch.batches import Batch
from wirewatch.cli import cli
from wirewatch.records import Article, Update, article_id, content_version
from wirewatch.settings import Settings, get_settings
from wirewatch.state import State

ENGLISH = (
    "council ferry lake harbour village market teacher bridge rain election farmer school hospital road water police"
)
BOX = "The Example is free for all of its readers, and it stays free because some of them give what they can."
TEXTS = {
    # Words of a text, and a box; the words are in no order, because nothing here reads them.
    "en": (ENGLISH, BOX),
    "am": (
        "ምክር ቤቱ ሐይቅ ጀልባ ገበያ መምህር ድልድይ ዝናብ ምርጫ ገበሬ ትምህርት ሆስፒታል መንገድ ውሃ ፖሊስ ከተማ",
        "ይህ ጋዜጣ ለሁሉም አንባቢዎች በነጻ የሚቀርብ ሲሆን ሥራችንን ለመደገፍ የምትፈልጉ ሁሉ ልታግዙን ትችላላችሁ",
    ),
    "th": (
        "สภา ทะเลสาบ เรือข้ามฟาก ตลาด ครู สะพาน ฝน เลือกตั้ง ชาวนา โรงเรียน โรงพยาบาล ถนน น้ำ ตำรวจ เมือง หมู่บ้าน",
        "ข่าวของเราเปิดให้ทุกคนอ่านได้ฟรีเพราะการสนับสนุนของผู้อ่าน ขอบคุณที่อยู่กับเราตลอดมา",
    ),
    "yo": (
        "ìgbìmọ̀ adágún ọkọ̀ ọjà olùkọ́ afárá òjò ìdìbò àgbẹ̀ ilé ìwé ọ̀nà omi ọlọ́pàá ìlú abúlé",
        "Ìwé ìròyìn yìí jẹ́ ọ̀fẹ́ fún gbogbo ènìyàn, ẹ ràn wá lọ́wọ́ kí iṣẹ́ wa lè máa tẹ̀síwájú.",
    ),
}

RUN = "20270201T000000Z-ab12cd"

pytestmark = pytest.mark.usefixtures("settings", "read_here")


class Here:
    """Stands in for the workers, whose start takes longer than the few small pages of a test."""

    def schedule(self, work: Callable[..., Any], args: tuple[Any, ...], timeout: float) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(work(*args))
        return done


@pytest.fixture
def read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crawlers.extract._workers", lambda number: nullcontext(Here()))


def paragraphs(number: int, words: str = ENGLISH) -> list[str]:
    """A text that no other number has."""
    rest = words.split()
    found = []
    for paragraph in range(4):
        turned = [rest[(at * (paragraph + 2) + number * 7 + at * at) % len(rest)] for at in range(22)]
        found.append(f"{number} {' '.join(turned)} {paragraph}.")
    return found


def html(number: int, *boxes: str, words: str = ENGLISH, texts: list[str] | None = None, title: str = "") -> bytes:
    title = title or " ".join(words.split()[number % 5 : number % 5 + 4]) + f" {number}"
    text = "".join(f"<p>{text}</p>" for text in [*(texts or paragraphs(number, words)), *boxes])
    head = f'<meta charset=utf-8><meta property="article:published_time" content="2026-12-31"><title>{title}</title>'
    return f"<html><head>{head}</head><h1>{title}</h1>{text}</html>".encode()


def url(number: int) -> str:
    return f"{SITE}/news/{number}"


def crawled(on: int, answers: dict[str, bytes | Answer]) -> Batch:
    return extract(pages_batch(answers, day(on)))


def learned_site() -> None:
    """A first crawl, of which the box is learned, on day 1."""
    crawled(1, {url(number): html(number, BOX) for number in range(100, 110)})


def article(number: int, *boxes: str, **fields: object) -> Article:
    """As a page gives it."""
    body = "\n\n".join([*paragraphs(number), *boxes])
    given = {"title": f"Title of number {number}", "lead": None, "body": body, **fields}
    version = content_version(given["title"], given["lead"], given["body"])  # type: ignore[arg-type]
    required = {"source": SOURCE, "first_seen": day(1), "fetched": day(1), "version": version}
    return Article.model_validate({"id": article_id(url(number)), "url": url(number), **required, **given})


def cleaned(found: list[Article]) -> list[Article]:
    """The articles of one batch, cleaned."""
    learned = Habits(State(get_settings().state))
    for one in found:
        learned.look_at(one)
    return [learned.clean(one)[0] for one in found]


# What goes, and what stays ----------------------------------------------------------------------


@pytest.mark.parametrize("language", TEXTS)
def test_what_comes_back_on_the_pages_of_a_first_crawl_is_taken_out_whatever_its_language(language: str):
    words, box = TEXTS[language]
    done = crawled(1, {url(number): html(number, box, words=words) for number in range(8)})
    found = articles(done)
    assert {at: one.body.split("\n\n") for at, one in found.items()} == {
        url(number): paragraphs(number, words) for number in range(8)
    }
    assert done.manifest().counts == {"new": 8, "blocks-dropped": 8}
    assert all(one.version == content_version(one.title, one.lead, one.body) for one in found.values())


def test_a_site_that_brings_an_article_a_day_is_learned_over_the_days():
    has_box = [BOX in only(crawled(number, {url(number): html(number, BOX)})).body for number in range(1, 8)]
    assert has_box == [True, True, True, False, False, False, False]


def test_a_page_that_is_looked_at_again_and_copies_at_other_addresses_teach_nothing():
    for number in range(1, 8):
        crawled(number, {url(1): html(1, BOX), f"{SITE}/again/{number}": html(1, BOX)})
    assert BOX in only(crawled(8, {url(2): html(2, BOX)})).body
    one = article(1, BOX)
    found = [one.model_copy(update={"id": article_id(url(number))}) for number in range(10)]
    found += [article(number, BOX, title="Weather") for number in range(10, 20)]
    assert cleaned(found) == found


def test_what_is_on_few_pages_stays():
    found = [article(number, *([BOX] if number % 5 == 0 else [])) for number in range(40)]
    assert cleaned(found) == found


def test_sub_headings_stay_unless_they_are_on_nearly_all_pages():
    def site(often: int) -> list[Article]:
        return [article(number, *(["Background"] if number % 10 < often else []), "One more.") for number in range(40)]

    assert all(("Background" in one.body) == (number % 10 < 6) for number, one in enumerate(cleaned(site(6))))
    assert not any("Background" in one.body for one in cleaned(site(9)))


def test_a_box_that_names_the_article_and_its_author_is_the_same_box():
    found = [
        article(
            number,
            f"The post Title of number {number} appeared first on The Example, written by {name}.",
            authors=(name,),
        )
        for number, name in enumerate(("Akinyi Odhiambo", "Bertrand Nkoulou", "Chipo Marowa") * 4)
    ]
    assert [one.body for one in cleaned(found)] == [article(number).body for number in range(12)]


def test_texts_that_are_mostly_the_same_are_kept_whole():
    prices = "Maize, beans and rice were sold at the markets of the lake towns at these prices today, in shillings. "
    found = [article(number, *(f"{part}: {prices * 4}" for part in range(4))) for number in range(20)]
    assert cleaned(found) == found


def test_no_article_is_left_without_a_text():
    found = [article(number, body=BOX, lead=" ".join(paragraphs(number))) for number in range(10)]
    assert cleaned(found) == found


def test_a_slogan_in_place_of_a_lead_goes_with_its_origin():
    origins = {"lead": "meta description", "title": "h1"}
    found = cleaned([article(number, lead=BOX, origins=origins) for number in range(10)])
    assert {(one.lead, *one.origins) for one in found} == {(None, "title")}
    assert all(one.version == content_version(one.title, None, one.body) for one in found)


def test_the_entries_of_a_live_blog_are_cleaned_with_the_body():
    updates = (Update(body=f"It rains.\n\n{BOX}"), Update(body=BOX))
    found = cleaned([article(number, "It rains.", BOX, BOX, updates=updates) for number in range(6)])
    assert {one.updates for one in found} == {(Update(body="It rains."),)}


def test_another_site_may_say_the_same():
    other = SOURCE.model_copy(update={"id": "other.example"})
    found = [article(number, BOX) for number in range(8)] + [article(20, BOX, source=other)]
    assert [BOX in one.body for one in cleaned(found)] == [False] * 8 + [True]


def test_a_slogan_is_forgotten_and_the_new_one_learned(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("crawlers.habits.RECENT", 20)
    later = BOX.replace("free", "open")
    crawled(1, {url(number): html(number, BOX) for number in range(20)})
    crawled(2, {url(number): html(number, later) for number in range(20, 40)})
    found = articles(crawled(3, {url(50): html(50, later), url(51): html(51, BOX)}))
    assert later not in found[url(50)].body
    assert BOX in found[url(51)].body


@pytest.mark.parametrize("body", ["", "\n\n\n\n", "…\n\n* * *\n\n—", "a\n\n" * 1000])
def test_odd_texts_are_left_as_they_are(body: str):
    found = [article(number, body=body) for number in range(8)]
    assert cleaned(found) == found


# What it means for versions ---------------------------------------------------------------------


def test_a_page_that_did_not_change_is_not_updated_by_what_was_learned_since():
    pages = {url(number): html(number, BOX) for number in range(3)}
    crawled(1, pages)
    crawled(2, {url(number): html(number, BOX) for number in range(3, 10)})
    done = crawled(3, {**pages, url(20): html(20, BOX)})
    assert done.manifest().counts == {"unchanged": 3, "new": 1, "blocks-dropped": 4}


def test_a_page_is_not_updated_by_what_was_learned_and_is_not_believed_any_more():
    learned_site()
    crawled(2, {url(number): html(number) for number in range(100)})
    done = crawled(3, {url(100): html(100, BOX), url(200): html(200, BOX)})
    assert BOX in only(done).body
    assert done.manifest().counts == {"unchanged": 1, "new": 1}


def test_a_new_slogan_on_an_old_page_is_no_new_version():
    learned_site()
    later = BOX.replace("free", "open")
    fresh = {url(number): html(number, later) for number in range(20, 50)}
    done = crawled(2, {**fresh, url(100): html(100, later)})
    assert receipts(done)[url(100)].outcome == "unchanged"


def test_a_text_that_its_site_changed_differs_by_that_alone():
    pages = {url(1): html(1, BOX)}
    assert BOX in only(crawled(1, pages)).body
    crawled(2, {url(number): html(number, BOX) for number in range(2, 10)})
    texts = paragraphs(1)
    texts[2] = "Something else happened."
    done = only(crawled(3, {url(1): html(1, BOX, texts=texts)}))
    assert BOX not in done.body
    (change,) = done.history
    assert change.body == f"@@ -3 +3 @@\n-{paragraphs(1)[2]}\n+{texts[2]}"


def test_the_same_text_at_another_address_is_found_after_more_was_learned():
    first = only(crawled(1, {url(1): html(1, BOX)}))
    crawled(2, {url(number): html(number, BOX) for number in range(2, 10)})
    done = crawled(3, {f"{SITE}/elsewhere": html(1, BOX)})
    assert receipts(done)[f"{SITE}/elsewhere"].outcome == "duplicate"
    assert receipts(done)[f"{SITE}/elsewhere"].article == first.id


def test_a_replay_takes_out_what_is_known_by_now():
    pages = pages_batch({url(1): html(1, BOX)}, day(1))
    first = only(extract(pages))
    crawled(2, {url(number): html(number, BOX) for number in range(2, 10)})
    again = only(extract(pages, replay=RUN))
    assert (BOX in first.body, BOX in again.body) == (True, False)
    assert (again.id, again.history, again.fetched) == (first.id, (), first.fetched)


def test_a_rebuilt_state_knows_what_was_learned(settings: Settings):
    learned_site()
    before = State(settings.state)
    known = before.recent(SOURCE.id), len(before.dropped(SOURCE.id))
    for file in settings.home.glob("state.sqlite*"):
        file.unlink()
    done = crawled(2, {url(1): html(1, BOX)})
    after = State(settings.state)
    found = [one for one in after.recent(SOURCE.id) if one[0] != only(done).id]
    assert (found, len(after.dropped(SOURCE.id))) == known
    assert BOX not in only(done).body


# How it is shown --------------------------------------------------------------------------------


def test_the_command_shows_what_was_learned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    sources = tmp_path / "sources"
    sources.mkdir()
    entry = f"- name: Example\n  domain: {SOURCE.id}\n  country: KE\n  languages: [en]\n  feeds: [{SITE}/feed]\n"
    (sources / "ke.yml").write_text(f"{entry}  checked: 2027-01-01, by hand\n")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("WIREWATCH_SOURCES", str(sources))
    get_settings.cache_clear()

    def shown(domain: str = SOURCE.id) -> str:
        result = CliRunner().invoke(cli, ["sources", "habits", domain])
        return result.output or str(result.exception)

    assert "Nothing was taken out" in shown()
    learned_site()
    assert BOX[:80] in shown()
    assert " 10 " in shown()
    assert "2027-01-01" in shown()
    assert "Learned from its last articles: 10" in shown()
    assert "nowhere.example" in shown("nowhere.example")


def test_what_is_counted_is_bounded():
    found = habits.blocks_of(article(1, body="\n\n".join(f"Paragraph {n}" for n in range(5000))))
    assert len(found.blocks) == habits.MOST_BLOCKS
