"""How far a text lies from a reference: against oracles, every time the same, closed if broken."""

from __future__ import annotations

import functools
import random
from typing import Any

import msgspec
import numpy as np
import pytest
from scipy import sparse as oracle_sparse
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from doubles.topics import TopicEncoder, texts_of, vector_of
from roadworthy.detectors import ood
from roadworthy.detectors.ood import softmax
from roadworthy.detectors.ood.centres import nearest, parts, unit
from roadworthy.detectors.ood.detector import sketch_of
from roadworthy.detectors.ood.features import Dense, Plain, Spelled
from roadworthy.detectors.ood.projection import OVERFLOW, Projection
from roadworthy.detectors.ood.tables import Sparse, pack, pack_rows, sparse, unpack, unpack_rows
from roadworthy.detectors.ood.words import MOST_WORDS, words_of
from roadworthy.domain import ManifestError, Packed, Reference, ReferenceCounts

TOPICS = (0, 1, 2)


@functools.cache
def fitted(
    *, labelled: bool = True, meanings: bool = True, topics: tuple[int, ...] = TOPICS
) -> Any:
    texts = [text for topic in TOPICS for text in texts_of(topic, 80)]
    labels = [f"kind{topic}" for topic in TOPICS for _ in range(80)] if labelled else []
    return ood.fit(
        texts,
        [text for topic in TOPICS for text in texts_of(topic, 10, seed=1)],
        labels=labels,
        outputs=[text.upper() for text in texts[:40]],
        vector_of=vector_of if meanings else None,
    )


def a_reference(found: Any, **changes: Any) -> Reference:
    own = Reference(
        system="s", source="x", source_digest="sha256:1", date="2026-11-22T10:00:00Z", fitted=240,
        held=30, labelled=found.labelled, false_alarm=0.05, threshold=3.0, topics=found.topics,
        output_topics=found.output_topics, detector=found.tables, settings=found.settings,
        counts=ReferenceCounts(),
    )  # fmt: skip
    return msgspec.structs.replace(own, **changes)


def a_detector(*, labelled: bool = True, meanings: bool = True) -> ood.Detector:
    found = fitted(labelled=labelled, meanings=meanings)
    return ood.Detector(a_reference(found), vector_of if meanings else None)


def random_sparse(rows: int, columns: int, seed: int = 0) -> tuple[Sparse, Any]:
    source = random.Random(seed)
    made = [
        {source.randrange(columns): source.random() for _ in range(source.randrange(6))}
        for _ in range(rows)
    ]
    full = np.zeros((rows, columns))
    for at, row in enumerate(made):
        for column, value in row.items():
            full[at, column] = value
    return sparse(made), full


@pytest.mark.parametrize(("labelled", "meanings"), [(a, b) for a in (0, 1) for b in (0, 1)])
def test_what_is_of_no_topic_lies_farther(labelled: bool, meanings: bool) -> None:
    detector = a_detector(labelled=bool(labelled), meanings=bool(meanings))
    inside = [detector.score(text) for topic in TOPICS for text in texts_of(topic, 60, seed=2)]
    outside = [detector.score(text) for topic in (5, 6, 7) for text in texts_of(topic, 60, seed=2)]
    truth = [0] * len(inside) + [1] * len(outside)
    assert roc_auc_score(truth, inside + outside) > (0.98 if meanings else 0.94)


def test_the_same_references_give_the_same_bytes() -> None:
    first = msgspec.json.encode(fitted())
    fitted.cache_clear()
    assert msgspec.json.encode(fitted()) == first


def test_topics_are_named_after_their_labels_and_told_of_new_texts() -> None:
    detector = a_detector()
    for topic in TOPICS:
        for text in texts_of(topic, 20, seed=3):
            assert detector.look(text).topic.startswith(f"kind{topic}-")
    assert len(set(fitted().topics)) == len(fitted().topics)
    assert detector.output_topic(texts_of(0, 1)[0].upper()).startswith("topic-")


def test_new_words_are_those_that_no_reference_has() -> None:
    detector = a_detector()
    assert detector.look(texts_of(0, 1)[0]).new_words == 0.0
    assert detector.look("please zzyzx").new_words == 0.5
    assert detector.look("… !").new_words is None
    assert detector.look("… !").topic == ""


def test_flagged_texts_of_like_words_have_like_sketches() -> None:
    detector = a_detector()
    strange = "supplier code qx71 unknown for the crane hoist axle"
    one, two = detector.look(strange), detector.look(strange + " please")
    other = detector.look("weather tomorrow sunny umbrella rain forecast city evening")
    assert one.flagged and two.flagged and other.flagged
    assert ood.unlikeness(one.sketch, two.sketch) < 16 < ood.unlikeness(one.sketch, other.sketch)
    inside = detector.look(texts_of(0, 1)[0])
    assert not inside.flagged and inside.sketch == ""
    assert sketch_of(()) == ""


@pytest.mark.parametrize(
    "text",
    ["", " ", "\x00", "😀😀", "\ud800 half", "a" * 100_000, "wort " * 50_000, "漢字かな交じり文"],
)
def test_any_text_gets_a_finite_score(text: str) -> None:
    for meanings in (True, False):
        assert np.isfinite(a_detector(meanings=meanings).score(text))


def test_a_text_costs_no_more_than_a_bound() -> None:
    assert len(words_of("word " * 100_000)) == MOST_WORDS
    assert max(map(len, words_of("x" * 5000))) <= 40


def test_words_remembered_by_the_thousand_change_no_score() -> None:
    detector = a_detector()
    text = "zzyzx please " + texts_of(0, 1)[0]
    before = detector.score(text)
    for number in range(2 * OVERFLOW // 400 + 1):
        detector.score(" ".join(f"new{number}x{word}" for word in range(400)))
    assert detector.score(text) == before


def test_a_table_of_meanings_that_it_was_not_fitted_with_fails_closed() -> None:
    with pytest.raises(ManifestError, match="another table of meanings"):
        ood.Detector(a_reference(fitted()), None)
    with pytest.raises(ManifestError, match="another table of meanings"):
        ood.Detector(a_reference(fitted(meanings=False)), vector_of)


@functools.cache
def encoded() -> Any:
    texts = [text for topic in TOPICS for text in texts_of(topic, 80)]
    scaling = [text for topic in TOPICS for text in texts_of(topic, 10, seed=1)]
    return ood.fit(texts, scaling, encode=TopicEncoder().encode)


def test_a_sentence_encoder_takes_the_place_of_the_table() -> None:
    detector = ood.Detector(
        a_reference(encoded(), encoder=TopicEncoder().pin), encoder=TopicEncoder()
    )
    inside = [detector.score(text) for topic in TOPICS for text in texts_of(topic, 60, seed=2)]
    outside = [detector.score(text) for topic in (5, 6, 7) for text in texts_of(topic, 60, seed=2)]
    assert roc_auc_score([0] * len(inside) + [1] * len(outside), inside + outside) > 0.98
    assert "vectors" not in encoded().tables
    for text in ("", "… !", "\ud800 half", "wort " * 5000):
        assert np.isfinite(detector.score(text))


def test_the_encoder_says_the_meaning_of_a_whole_text_in_the_fit_and_in_a_look() -> None:
    encode = TopicEncoder().encode
    placed = Projection(encoded().tables, encode=encode).place(texts_of(1, 1)[0])
    off = encode(texts_of(1, 1)[0]) - unpack(encoded().tables["meant"])[0]
    assert np.allclose(placed.meaning, off / np.linalg.norm(off), atol=1e-5)


def test_a_text_without_words_is_no_question_to_the_encoder() -> None:
    def never(text: str) -> Any:
        raise AssertionError(text)

    placed = Projection(encoded().tables, encode=never).place("… !")
    assert not placed.meaning.any() and placed.new == 0


@pytest.mark.parametrize(
    ("reference", "given"),
    [
        (a_reference(encoded(), encoder=TopicEncoder().pin), None),
        (a_reference(encoded(), encoder=TopicEncoder().pin), TopicEncoder("topics/2@sha256:0")),
        (a_reference(encoded()), TopicEncoder()),
        (a_reference(fitted()), TopicEncoder()),
    ],
)
def test_an_encoder_that_it_was_not_fitted_with_fails_closed(reference: Any, given: Any) -> None:
    with pytest.raises(ManifestError, match="another sentence encoder"):
        ood.Detector(reference, encoder=given)


def test_a_reference_without_an_encoder_is_written_as_before() -> None:
    """Releases that are signed already keep their digest."""
    assert b"encoder" not in msgspec.json.encode(a_reference(fitted()))


@pytest.mark.parametrize("name", sorted(set(fitted().tables) - {"output_topics", "meant", "pairs"}))
def test_a_missing_or_cut_table_fails_closed(name: str) -> None:
    tables = dict(fitted().tables)
    cut = tables.pop(name)
    with pytest.raises(ManifestError, match=r"not whole|another table"):
        ood.Detector(a_reference(fitted(), detector=tables), vector_of)
    short = pack(unpack(cut)[: len(unpack(cut)) // 2], cut.type)
    if name not in ("near_kinds", "near_meanings"):
        with pytest.raises(ManifestError, match="not whole"):
            ood.Detector(a_reference(fitted(), detector={**tables, name: short}), vector_of)


def test_a_number_that_is_none_fails_closed() -> None:
    bad = Packed(shape=[1], type="f4", data=pack(np.array([np.nan]), "f4").data)
    with pytest.raises(ManifestError, match="finite"):
        ood.Detector(a_reference(fitted(), detector={**fitted().tables, "bias": bad}), vector_of)
    settings = {**fitted().settings, "unsure_spread": 0.0}
    with pytest.raises(ManifestError, match="spread"):
        ood.Detector(a_reference(fitted(), settings=settings), vector_of)


def test_too_little_to_fit_on_is_said() -> None:
    with pytest.raises(ValueError, match="fewer than two"):
        ood.fit(["", "…", "word"], ["word"])


def test_sums_over_few_numbers_are_those_of_full_tables() -> None:
    table, full = random_sparse(300, 40)
    weights = np.random.default_rng(1).normal(size=(40, 5)).astype("f4")
    back = np.random.default_rng(2).normal(size=(300, 5)).astype("f4")
    assert np.allclose(table.times(weights), oracle_sparse.csr_matrix(full) @ weights, atol=1e-5)
    assert np.allclose(table.turned(40).times(back), full.T @ back, atol=1e-4)


def test_bytes_of_a_table_come_back() -> None:
    table = np.random.default_rng(3).normal(size=(20, 7)).astype("f4")
    table[4] = 0.0
    found = unpack_rows("t", pack_rows("t", table))
    assert np.abs(found - table).max() <= np.abs(table).max() / 127
    assert (unpack(pack(table, "f4")) == table).all()


def test_the_classifier_is_the_one_of_least_loss() -> None:
    """The oracle is scikit-learn, on the same rows as one table."""
    one, full = random_sparse(240, 30, seed=4)
    words, spelling = random_sparse(240, 12, seed=5), random_sparse(12, 20, seed=6)
    dense = np.random.default_rng(7).normal(size=(240, 4)).astype("f4")
    kinds = np.array([row % 3 for row in range(240)])
    blocks = [Plain(one, width=30), Spelled(words[0], spelling[0], 20), Dense(dense)]
    weights, bias = softmax.fit(blocks, kinds, 3, strength=1.0)
    together = np.concatenate([full, words[1] @ spelling[1], dense], axis=1)
    oracle = LogisticRegression(C=1.0, tol=1e-8, max_iter=2000).fit(together, kinds)
    logits = together @ np.concatenate(weights) + bias
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert np.abs(shares - oracle.predict_proba(together)).max() < 0.02


def test_a_text_is_placed_where_the_fit_had_it() -> None:
    """The sums of a look are the products of the fit, up to the bytes that tables are kept in."""
    found = fitted()
    texts = [text for topic in TOPICS for text in texts_of(topic, 80)]
    placed = [Projection(found.tables, vector_of).place(text) for text in texts]
    kinds = [int(each.logits.argmax()) for each in placed]
    by_topic = [set(kinds[80 * at : 80 * at + 80]) for at in range(3)]
    assert not by_topic[0] & by_topic[1] and not by_topic[1] & by_topic[2]
    assert all(abs(float(each.meaning @ each.meaning) - 1.0) < 1e-4 for each in placed)


def test_parts_are_none_empty_and_the_same_every_time() -> None:
    rows = unit(np.random.default_rng(8).normal(size=(200, 6)).astype("f4"))
    rows[50:150] = rows[0]
    centres, own = parts(rows, 12)
    again, _ = parts(rows, 12)
    assert (centres == again).all()
    likeness, where = nearest(rows, centres)
    assert (where == own).all() and likeness.max() <= 1.0001
    assert len(parts(rows[:3], 12)[0]) == 3


def test_the_share_that_is_flagged_is_the_share_that_was_set() -> None:
    """400 thresholds, each on 60 other texts: on average 5 % of new ones are flagged."""
    from roadworthy.statistics import conformal_threshold

    detector = a_detector()
    texts = [text for topic in TOPICS for text in texts_of(topic, 500, seed=9)]
    scores = [detector.score(text) for text in texts]
    source = random.Random(10)
    rates = []
    for _ in range(400):
        source.shuffle(scores)
        line = conformal_threshold(scores[:60], 0.05)
        rates.append(sum(score > line for score in scores[60:]) / (len(scores) - 60))
    assert abs(sum(rates) / len(rates) - 0.05) < 0.01
