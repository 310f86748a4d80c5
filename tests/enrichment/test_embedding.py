import numpy as np
import pytest
import spacy

from enrichment import embedding
from enrichment.embedding import DIMENSIONS, embed_passages, embed_query, use
from enrichment.pipelines import pipeline


def test_vectors_have_unit_length_and_keep_the_order_given() -> None:
    texts = ["Une longue phrase sur la coopération entre deux pays voisins et amis.", "court", "A sentence."]
    rows = embed_passages(texts)
    assert rows.shape == (3, DIMENSIONS)
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-3)
    assert np.allclose(rows[1], embed_passages(["court"])[0], atol=0.02)


def test_a_query_is_nearest_to_the_text_that_answers_it_in_another_language() -> None:
    rows = embed_passages(
        ["L'armée algérienne et la Russie coopèrent", "Recette de la tarte aux pommes", "Le cours de l'or monte"]
    )
    assert int(np.argmax(rows @ np.array(embed_query("military cooperation with Russia")))) == 0


def test_no_texts_give_no_rows() -> None:
    assert embed_passages([]).shape == (0, DIMENSIONS)


class LengthEmbedder:
    """Another embedder: it says how long a text is."""

    def passage(self, texts):
        rows = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        rows[:, 0] = [len(text) for text in texts]
        return rows

    query = passage


@pytest.fixture
def by_length():
    use(LengthEmbedder())
    yield
    use(None)


def test_another_embedder_can_stand_in(by_length: None) -> None:
    assert embed_query("four")[0] == 4


def test_title_and_lead_are_embedded_or_the_start_of_the_body(by_length: None) -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("wirewatch_embedding")
    doc = nlp.make_doc("x" * 1000)
    doc._.opening_end = 30
    assert nlp(doc)._.embedding[0] == 30
    assert nlp("x" * 1000)._.embedding[0] == 400


def test_the_component_is_part_of_every_pipeline() -> None:
    assert "wirewatch_embedding" in pipeline("fr").pipe_names
    assert embedding.DIMENSIONS == 384
