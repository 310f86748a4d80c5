"""Settings come from the environment; a wrong one is named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from wirewatch.errors import UserError
from wirewatch.settings import get_settings


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


def test_everything_lies_in_the_home_unless_said_otherwise(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WIREWATCH_HOME", "here")
    settings = get_settings()
    assert settings.batches == (tmp_path / "here/batches").as_uri()
    assert settings.state == f"sqlite:///{tmp_path}/here/state.sqlite"


def test_a_file_of_settings_in_the_working_folder_is_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("WIREWATCH_CRAWL__DELAY=7\nELASTICSEARCH_URL=https://es.example:9200\n")
    settings = get_settings()
    assert settings.crawl.delay == 7
    assert settings.elasticsearch.url == "https://es.example:9200"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WIREWATCH_CRAWL__DELAY", "soon"),
        ("WIREWATCH_CRAWL__DELEY", "3"),
        ("WIREWATCH_WORKERS", "0"),
        ("WIREWATCH_OPERATOR", "stdout"),
        ("WIREWATCH_ELASTICSEARCH__API_KEY_FILE", "/missing"),
        ("WIREWATCH_TIMEZONE", "Europe/Atlantis"),
    ],
)
def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(UserError, match=name):
        get_settings()


def test_links_to_kibana_have_no_login(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIBANA_URL", "https://elastic:s3cret@kibana.example:5601/")
    assert get_settings().kibana_public_url == "https://kibana.example:5601"


def test_a_key_is_read_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("c2VjcmV0\n")
    monkeypatch.setenv("WIREWATCH_ELASTICSEARCH__API_KEY_FILE", str(tmp_path / "key"))
    key = get_settings().elasticsearch.api_key
    assert key and key.get_secret_value() == "c2VjcmV0"
    assert "c2VjcmV0" not in repr(get_settings())


def test_a_list_is_written_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIREWATCH_OPERATOR", '["stdout", "mail"]')
    assert get_settings().operator == ("stdout", "mail")


def test_the_crawl_state_may_be_in_another_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIREWATCH_STATE", "postgresql+psycopg://me:secret@db/wirewatch")
    assert get_settings().state == "postgresql+psycopg://me:secret@db/wirewatch"
