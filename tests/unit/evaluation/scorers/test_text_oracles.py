"""Scores of texts against the libraries that the field uses."""

from __future__ import annotations

import random
import string

import pytest

from doubles.answering import an_observation
from doubles.suites import a_case
from roadworthy.domain import Expect, ScorerSpec
from roadworthy.evaluation import make_scorer
from roadworthy.evaluation.scorers.meteor import meteor
from roadworthy.evaluation.scorers.sequences import common, distance
from roadworthy.evaluation.scorers.words import squad_words, words

NEEDS = "pip install sacrebleu rouge-score nltk jiwer rapidfuzz snowballstemmer scikit-learn"


def oracle(module: str):
    return pytest.importorskip(module, reason=f"{module} is the oracle: {NEEDS}")


_WORDS = [
    "the", "claim", "was", "filed", "on", "Monday", "a", "car", "cars", "42", "it's", "house,",
    "flooded.", "flooding", "water", "damage", "damaged", "An", "(see", "note)", "over", "EUR",
]  # fmt: skip


def pairs(count: int = 120) -> list[tuple[str, str]]:
    """Made of few words, so that they share some, and of nothing at all now and then."""
    draw = random.Random(7)
    made = []
    for _ in range(count):
        right = [draw.choice(_WORDS) for _ in range(draw.randint(1, 16))]
        got = list(right)
        for _ in range(draw.randint(0, 8)):
            at = draw.randrange(len(got) + 1)
            got[at : at + draw.randint(0, 2)] = [draw.choice(_WORDS)] * draw.randint(0, 2)
        made.append((" ".join(got), " ".join(right)))
    return [*made, ("", "the claim"), ("motor", "motor"), ("The claim", "the claim")]


def score(scorer: str, output: str, *right: str, **options: object) -> float:
    expect = Expect(text=right[0], texts=list(right[1:]))
    made = make_scorer(ScorerSpec(scorer=scorer, options=options))
    value = made.score(a_case(expect=expect), output, an_observation(output=output))
    assert value is not None
    return value


@pytest.mark.parametrize("which", ["1", "2", "l"])
def test_rouge_is_that_of_rouge_score(which: str):
    scorer = oracle("rouge_score.rouge_scorer").RougeScorer([f"rouge{which.upper()}"])
    for got, right in pairs():
        wanted = scorer.score(right, got)[f"rouge{which.upper()}"].fmeasure
        assert score(f"rouge_{which}", got, right) == pytest.approx(wanted), (got, right)


@pytest.mark.parametrize("which", ["1", "2", "l"])
def test_rouge_takes_the_best_of_several_right_texts(which: str):
    scorer = oracle("rouge_score.rouge_scorer").RougeScorer([f"rouge{which.upper()}"])
    texts = [right for _, right in pairs(20)]
    for got, right in pairs(20):
        wanted = scorer.score_multi([right, *texts], got)[f"rouge{which.upper()}"].fmeasure
        assert score(f"rouge_{which}", got, right, *texts) == pytest.approx(wanted)


def test_rouge_counts_words_of_other_scripts():
    assert score("rouge_1", "Der Schaden wäre groß", "der schaden wäre groß") == 1.0
    assert score("rouge_1", "损失 很大", "损失 很大") == 1.0


def test_bleu_chrf_and_ter_are_those_of_sacrebleu():
    sacrebleu = oracle("sacrebleu")
    for got, right in pairs(60):
        assert score("bleu", got, right) * 100 == pytest.approx(
            sacrebleu.sentence_bleu(got, [right]).score
        )
        assert score("chrf", got, right) * 100 == pytest.approx(
            sacrebleu.sentence_chrf(got, [right]).score
        )
        assert score("ter", got, right) * 100 == pytest.approx(
            sacrebleu.sentence_ter(got, [right]).score
        )


def test_bleu_and_chrf_take_several_right_texts():
    sacrebleu = oracle("sacrebleu")
    got, right = "the claim was filed", ["a claim was filed", "the claim was made"]
    assert score("bleu", got, *right) * 100 == pytest.approx(
        sacrebleu.sentence_bleu(got, right).score
    )
    assert score("chrf", got, *right, word_order=2) * 100 == pytest.approx(
        sacrebleu.sentence_chrf(got, right, word_order=2).score
    )


def test_ter_of_an_endless_answer_costs_nothing_and_is_what_it_is_at_least():
    oracle("sacrebleu")
    assert score("ter", "word " * 100_000, "one two") == pytest.approx(49_999.0)


def test_meteor_is_that_of_nltk_without_synonyms():
    nltk = oracle("nltk.translate.meteor_score")
    snowball = oracle("snowballstemmer").stemmer("english")

    class Stemmer:
        stem = staticmethod(snowball.stemWord)

    class NoWordnet:
        @staticmethod
        def synsets(word: str) -> list[str]:
            return []

    for got, right in pairs():
        wanted = nltk.single_meteor_score(
            words(right), words(got), stemmer=Stemmer(), wordnet=NoWordnet()
        )
        assert score("meteor", got, right) == pytest.approx(wanted), (got, right)
        assert meteor(words(got), words(right), snowball.stemWord) == pytest.approx(wanted)


def test_meteor_knows_stems_and_can_do_without():
    oracle("snowballstemmer")
    stems = score("meteor", "Die Häuser brannten", "das Haus brannte", language="german")
    assert stems > score("meteor", "Die Häuser brannten", "das Haus brannte", language="none")


def test_word_and_character_error_rates_are_those_of_jiwer():
    jiwer = oracle("jiwer")
    for got, right in pairs():
        assert score("wer", got, right) == pytest.approx(jiwer.wer(right, got))
        assert score("cer", got, right) == pytest.approx(jiwer.cer(right, got))


def test_similarity_is_that_of_rapidfuzz():
    levenshtein = oracle("rapidfuzz.distance.Levenshtein")
    for got, right in pairs():
        wanted = levenshtein.normalized_similarity(got.strip(), right.strip())
        assert score("similarity", got, right) == pytest.approx(wanted)


def test_distance_and_common_subsequence_are_those_of_rapidfuzz():
    levenshtein, lcs = oracle("rapidfuzz.distance.Levenshtein"), oracle("rapidfuzz.distance.LCSseq")
    draw = random.Random(1)
    for _ in range(300):
        one, other = ("".join(draw.choices("abcd", k=draw.randint(0, 90))) for _ in range(2))
        assert distance(one, other) == levenshtein.distance(one, other)
        assert common(one, other) == lcs.similarity(one, other)


def test_token_f1_and_exact_match_are_those_of_squad():
    """The official script, word for word (https://rajpurkar.github.io/SQuAD-explorer)."""
    import collections
    import re

    def normalize_answer(s: str) -> str:
        s = "".join(ch for ch in s.lower() if ch not in set(string.punctuation))
        return " ".join(re.sub(r"\b(a|an|the)\b", " ", s).split())

    def compute_f1(a_gold: str, a_pred: str) -> float:
        gold, pred = normalize_answer(a_gold).split(), normalize_answer(a_pred).split()
        num_same = sum((collections.Counter(gold) & collections.Counter(pred)).values())
        if len(gold) == 0 or len(pred) == 0:
            return float(gold == pred)
        if num_same == 0:
            return 0.0
        precision, recall = num_same / len(pred), num_same / len(gold)
        return (2 * precision * recall) / (precision + recall)

    strange = [("a—the end", "end"), ("naïve é a", "naive"), ("the", "an"), ("_a_ the_", "a_")]
    for got, right in [*pairs(), *strange]:
        assert squad_words(got) == normalize_answer(got).split(), got
        assert score("token_f1", got, right) == pytest.approx(compute_f1(right, got))
        same = float(normalize_answer(got) == normalize_answer(right))
        assert score("exact", got, right, squad=True) == same


def test_distinct_counts_n_grams_as_nltk_does():
    ngrams = oracle("nltk.util").ngrams
    for got, _ in pairs():
        found = list(ngrams(words(got), 2))
        made = make_scorer(ScorerSpec(scorer="distinct"))
        value = made.score(a_case(), got, an_observation(output=got))
        assert value == (len(set(found)) / len(found) if found else None)


def test_field_and_span_f1_are_those_of_scikit_learn():
    import json

    preprocessing, metrics = oracle("sklearn.preprocessing"), oracle("sklearn.metrics")
    draw = random.Random(3)
    for _ in range(60):
        one, other = (
            {key: draw.randint(0, 2) for key in draw.sample("abcdef", draw.randint(1, 5))}
            for _ in range(2)
        )
        spread = preprocessing.MultiLabelBinarizer().fit([list("abcdef" * 1)])
        spread = preprocessing.MultiLabelBinarizer(
            classes=[(key, value) for key in "abcdef" for value in range(3)]
        )
        right, got = spread.fit_transform([one.items(), other.items()])
        wanted = metrics.f1_score(right, got, zero_division=0.0)
        made = make_scorer(ScorerSpec(scorer="json_fields"))
        case = a_case(expect=Expect(json=one))
        assert made.score(case, json.dumps(other), an_observation()) == pytest.approx(wanted)
        spans = make_scorer(ScorerSpec(scorer="spans"))
        case = a_case(expect=Expect(json=[[key, value] for key, value in one.items()]))
        output = json.dumps([[key, value] for key, value in other.items()])
        assert spans.score(case, output, an_observation()) == pytest.approx(wanted)
