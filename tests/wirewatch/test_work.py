"""What a stage has to do is done once, whoever is at it, and one batch that is wrong stops no other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from wirewatch import batches, work
from wirewatch.batches import Batch, write
from wirewatch.cli import stages
from wirewatch.errors import Unavailable, UserError
from wirewatch.leases import lease
from wirewatch.settings import Settings, get_settings
from wirewatch.work import each


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    monkeypatch.setenv("WIREWATCH_HOME", str(tmp_path))
    get_settings.cache_clear()
    yield get_settings()
    get_settings.cache_clear()


def waiting(settings: Settings, *names: str) -> list[Batch]:
    """Batches of articles without an article."""
    for name in names:
        with write(Batch(settings.batches, "articles", name)):
            pass
    return batches.pending(settings.batches, "enriched")


def test_what_another_run_is_at_a_command_leaves_to_it_and_says_so(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    taken, free = waiting(settings, "1-a", "2-b")
    with lease(settings.state, [f"enriched {taken.name}"], "another run"):
        assert [batch.name for batch in stages.enrich()] == [free.name]
    assert caplog.messages == [f"Another run is at {taken.url} already. It is left to that one."]
    assert [batch.name for batch in stages.enrich()] == [taken.name]
    assert stages.enrich() == []


def test_two_runs_at_once_do_each_batch_once(settings: Settings) -> None:
    found = waiting(settings, "1-a", "2-b")
    done: list[str] = []

    def work(batch: Batch) -> Batch:
        done.append(batch.name)
        if len(done) == 1:  # the other one comes while this one is at the first
            each("enriched", work, found)
        with write(batch.next("enriched")):
            pass
        return batch.next("enriched")

    each("enriched", work, found[:1])
    assert done == ["1-a", "2-b"]


@pytest.mark.parametrize("fails", [False, True])
def test_who_needs_what_another_makes_waits_for_it_and_does_what_that_one_did_not(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, fails: bool
) -> None:
    [batch] = waiting(settings, "1-a")
    other, pauses, done = ExitStack(), [], []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            if not fails:
                with write(batch.next("enriched")):
                    pass
            other.close()

    def enrich(found: Batch) -> Batch:
        if not found.next("enriched").exists():
            done.append(found)
        return found.next("enriched")

    monkeypatch.setattr(work, "sleep", pause)
    other.enter_context(lease(settings.state, [f"enriched {batch.name}"], "another run"))
    assert each("enriched", enrich, [batch], wait=True) == [batch.next("enriched")]
    assert done == [batch] * fails and len(pauses) == 2
    assert caplog.messages == [f"Another run makes {batch.next('enriched').url} already. This one waits for it."]


def test_who_begins_anew_under_the_same_name_gets_what_it_was_at(settings: Settings) -> None:
    [batch] = waiting(settings, "1-a")
    with lease(settings.state, [f"enriched {batch.name}"], "a task"):
        assert each("enriched", lambda found: found, [batch], "a task") == [batch]


@pytest.mark.parametrize("error, reached", [(UserError, 3), (Unavailable, 1)])
def test_a_batch_that_is_wrong_stops_the_others_only_where_they_would_meet_the_same(
    error: type[UserError], reached: int
) -> None:
    worked = []

    def work(batch: Batch) -> Batch:
        worked.append(batch.name)
        if batch.name != "2":
            raise error(f"The batch {batch.name} cannot be done.")
        return batch

    with pytest.raises(error, match="The batch 1 cannot"):
        each("articles", work, [Batch("file:///nowhere", "pages", name) for name in "123"])
    assert len(worked) == reached


def test_an_empty_manifest_is_named_stops_no_other_and_is_shown(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    name = batches.run_name(batches.now(), "run")
    broken, whole = waiting(settings, f"{name}-g00", f"{name}-g01")
    (Path(broken.url.removeprefix("file://")) / batches.MANIFEST).write_bytes(b"")
    batches._manifest.cache_clear()
    with pytest.raises(UserError, match=f"articles/{broken.name} is damaged: manifest.json cannot be read"):
        stages.enrich()
    assert whole.next("enriched").exists()
    assert list(batches.readable([broken, whole])) == [whole]
    stages.show_batches()
    assert " damaged " in capsys.readouterr().out
