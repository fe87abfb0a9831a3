"""Every scorer that a suite may name: what it reads, which options it takes, what it is worth.

Only the description lives here, so that `check` can judge a suite's `scorers:` and the reference
can be written without the code that scores. `evaluation` holds that code; a test keeps both equal.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from msgspec import UNSET, Struct, field

from .case import Case, ScorerSpec
from .embedding import EMBEDDED
from .generator import Option, OptionFault, option_faults
from .observation import NO_CHECKS, Observation
from .ready_rubrics import READY_RUBRICS

Grade = Literal["verdict", "up", "down"]
"""verdict: 1.0 right, 0.0 wrong · up: more is better, 1.0 the most · down: less is better, 0.0
the least. A case passes by its verdicts alone."""


class ScorerKind(Struct, frozen=True, kw_only=True):
    """One scorer."""

    name: str
    summary: str
    """What its score is, as it is computed."""
    reads: str = ""
    """The expectation that it reads; empty: it needs none."""
    grade: Grade = "verdict"
    options: dict[str, Option] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    """Options without which it cannot score."""
    extra: str = ""
    """What must be installed: `text` for `pip install roadworthy[text]`."""
    executes: bool = False
    """Whether it runs what the answer says, confined, in processes of its own."""
    misleads: str = ""
    source: str = ""
    formula: str = ""
    """Of a score that is an indicator, as `IndicatorSpec.formula`; so is `oracle`."""
    oracle: str = ""


def _flag(meaning: str, default: bool = False) -> Option:
    return Option(kind="flag", default=default, meaning=meaning)


def _text(default: str, meaning: str, *choices: str) -> Option:
    return Option(kind="text", default=default, meaning=meaning, choices=choices)


def _texts(meaning: str) -> Option:
    return Option(kind="texts", default=[], meaning=meaning)


def _number(default: float | None, meaning: str, low: float = 0.0, high: float = 1e15) -> Option:
    return Option(kind="number", default=default, meaning=meaning, low=low, high=high)


def _whole(default: int, meaning: str, low: int, high: int) -> Option:
    return Option(kind="integer", default=default, meaning=meaning, low=low, high=high)


def _object(meaning: str) -> Option:
    return Option(kind="object", default=None, meaning=meaning)


_CASE = {"ignore_case": _flag("capitals do not matter")}
_WORDS = {**_CASE, "ignore_punctuation": _flag("only letters, digits and spaces count")}
_NUMBERS = {
    "which": _text("last", "which number of the answer counts; `only`: it holds one alone",
                   "last", "first", "only"),
    "decimal": _text(".", "what stands before the decimals", ".", ","),
}  # fmt: skip
_BOX = {
    "cpu_seconds": _whole(5, "processor seconds of each process", 1, 300),
    "wall_seconds": _number(15.0, "seconds until the verdict, sleep included", 0.1, 600.0),
    "memory_mb": _whole(512, "address space of each process, in MB", 64, 16_384),
}


def _kind(name: str, summary: str, reads: str = "", **more: Any) -> ScorerKind:
    """A kind; one that is graded can be turned into a verdict by a threshold."""
    options = dict(more.pop("options", {}))
    if more.get("grade") == "up":
        options["at_least"] = _number(None, "the score from which on the answer is right", 0.0, 1.0)
    if more.get("grade") == "down":
        options["at_most"] = _number(None, "the score up to which the answer is right")
    return ScorerKind(name=name, summary=summary, reads=reads, options=options, **more)


_VERDICTS = (
    _kind("exact", "1 when the output is the expected text, or one of `expect.texts`", "text",
          options={
              "strip": _flag("white space at both ends does not matter", True), **_CASE,
              "json": _flag("both are compared as JSON values"),
              "squad": _flag("capitals, punctuation, articles and white space do not matter"),
          },
          misleads="a right answer in other words is wrong",
          source="Rajpurkar et al. 2016, https://arxiv.org/abs/1606.05250 (`squad`)"),
    _kind("contains", "1 when the output holds the expected text (or one of `expect.texts`) and "
          "every text of `all`, and none of `none`", "text",
          options={**_CASE, "all": _texts("texts that every answer must hold"),
                   "none": _texts("texts that no answer may hold")},
          misleads="an answer that lists everything holds everything"),
    _kind("regex", "1 when `expect.regex` (or `pattern`) matches somewhere in the output", "regex",
          options={"pattern": _text("", "RE2, for cases that name none"),
                   "whole": _flag("all of the output must match"), **_CASE,
                   "absent": _flag("1 when nothing matches")}),
    _kind("schema", "1 when the output is nothing but JSON that satisfies `expect.schema`",
          "schema", options={"schema": _object("a JSON Schema, for cases that name none")},
          misleads="a valid form says nothing about the content"),
    _kind("label", "1 when the decision (without one the output) is the expected label", "label",
          options=_CASE),
    _kind("action", "1 when the request line answered, blocked, held, redacted or flagged as "
          "expected", "action"),
    _kind("absent", "1 when the RE2 of `expect.absent` matches nowhere in what left", "absent"),
    _kind("trajectory", "1 when the tool calls that left are those that `expect.trajectory` asks "
          "for", "trajectory",
          options={"check": _text("all", "what is looked at", "all", "called", "not_called",
                                  "order", "only", "at_most", "state")}),
    _kind("turns", "share of a scripted user's turns whose answer met what the turn expects",
          "turns"),
    _kind("detector", "1 when a detector finds nothing in the text (or with `want: present` "
          "something)",
          options={"detector": _text("", "its name"), "options": _object("the detector's own"),
                   "threshold": _number(0.5, "how sure it must be", 0.0, 1.0),
                   "want": _text("absent", "what is right", "absent", "present"),
                   "on": _text("output", "which text it looks at", "output", "input")},
          required=("detector",)),
    _kind("rubric", "a judge's score of the answer by a rubric", "rubric", grade="verdict"),
    _kind("pairwise", "a judge's choice between this answer and another one"),
    *(ScorerKind(name=each.name, summary=f"a judge's verdict: {each.summary}",
                 grade="verdict" if each.passes_from else "up", misleads=each.misleads,
                 source=each.source) for each in READY_RUBRICS.values()),
    _kind("numeric", "1 when a number of the output is the expected one, within `tolerance` or "
          "within `relative` of it, whichever is wider", "text",
          options={"tolerance": _number(0.0, "absolute"), **_NUMBERS,
                   "relative": _number(0.0, "a share of the expected number", 0.0, 1.0)},
          misleads="the last number of an answer is not always its result",
          formula="[|said - right| <= max(tolerance, relative * |right|)]",
          oracle="math.isclose",
          source="PEP 485, https://peps.python.org/pep-0485/"),
    _kind("json", "1 when the output is JSON that equals `expect.json`, or holds it", "json",
          options={"mode": _text("equal", "`contains`: the output may have more keys",
                                 "equal", "contains"),
                   "ordered": _flag("lists have an order", True),
                   "tolerance": _number(0.0, "numbers may differ by so much"),
                   "fenced": _flag("JSON in a fenced block counts")},
          formula="[the output's value equals the expected one]",
          oracle="json.loads",
          source="RFC 8259, https://www.rfc-editor.org/rfc/rfc8259"),
    _kind("python", "1 when the output's Python code passes `expect.tests`, in a sandbox", "tests",
          options=_BOX, executes=True,
          misleads="the tests are all that is known of right: weak tests pass wrong programs",
          source="Chen et al. 2021, https://arxiv.org/abs/2107.03374",
          formula="[every assertion of `expect.tests` holds]",
          oracle="programs with a known verdict"),
    _kind("sql", "1 when the output's query gives the rows that `expect.sql` gives, in SQLite, "
          "in a sandbox", "sql",
          options={**_BOX, "setup": _text("", "SQL that makes the tables, before `expect.setup`"),
                   "ordered": _text("auto", "whether the order of rows counts; auto: when the "
                                    "right query orders them", "auto", "yes", "no")},
          executes=True,
          misleads="few rows: two different queries often give the same ones",
          source="execution accuracy, Yu et al. 2018, https://arxiv.org/abs/1809.08887",
          formula="[rows of the output's query = rows of `expect.sql`]",
          oracle="sqlite3.connect"),
    _kind("refusal", "1 when the answer is no refusal in the model's own words (or with `want: "
          "present` when it is one); what did not leave is not looked at",
          options={"want": _text("absent", "what is right", "absent", "present"),
                   "phrases": _texts("words of refusal beside the built-in ones")},
          misleads="it knows phrases of English, German, French and Spanish, and no irony"),
    _kind("instructions", "1 when the output follows every instruction of `expect.json`, as IFEval "
          "words them", "json", misleads="it sees the form that was asked for, not the content",
          source="Zhou et al. 2023, https://arxiv.org/abs/2311.07911"),
)  # fmt: skip

_GRADES = (
    _kind("token_f1", "F1 of the words of the output and of the expected text, capitals, "
          "punctuation and articles aside; the best of several expected texts", "text", grade="up",
          misleads="word order and negation do not count",
          source="Rajpurkar et al. 2016, https://arxiv.org/abs/1606.05250",
          formula="2 p r / (p + r); p, r: shares of the output's and of the expected words that "
          "are in both",
          oracle="SQuAD's evaluation script, anew"),
    *(_kind(f"rouge_{which}", f"F1 of {what} (as rouge-score, letters of every script)", "text",
            grade="up", misleads="it counts words, not what they say; long answers gain recall",
            source="Lin 2004, https://aclanthology.org/W04-1013",
            formula=f"2 P R / (P + R); P, R: {what} in both, over the output's and the expected",
            oracle="rouge_score.rouge_scorer.RougeScorer")
      for which, what in (("1", "words"), ("2", "pairs of words"),
                          ("l", "the longest common subsequence of words"))),
    _kind("bleu", "sentence BLEU with effective order and exponential smoothing", "text",
          grade="up", extra="text",
          options={"tokenize": _text("13a", "sacrebleu's tokenizer", "13a", "intl", "char", "none"),
                   "lowercase": _flag("capitals do not matter")},
          misleads="the mean of sentences is not the corpus BLEU of papers",
          source="Papineni et al. 2002; sacrebleu, https://aclanthology.org/W18-6319",
          formula="BP * exp(mean over n = 1..4 of log p_n); p_n: n-grams of the output in the "
          "expected text",
          oracle="sacrebleu.sentence_bleu"),
    _kind("chrf", "sentence chrF2: F-score of character n-grams up to 6", "text", grade="up",
          extra="text", options={"word_order": _whole(0, "2 is chrF++", 0, 2),
                                 "lowercase": _flag("capitals do not matter")},
          misleads="texts of one language always share letters: 0.2 says nothing",
          source="Popovic 2015, https://aclanthology.org/W15-3049",
          formula="(1 + 4) P R / (4 P + R), P and R means over character n-grams, n = 1..6",
          oracle="sacrebleu.sentence_chrf"),
    _kind("ter", "translation edit rate: edits and shifts of words over words of the expected text",
          "text", grade="down", extra="text", options={"lowercase": _flag("capitals do not matter",
                                                                          True)},
          misleads="it can be above 1",
          source="Snover et al. 2006",
          formula="(insertions + deletions + substitutions + shifts) / expected words",
          oracle="sacrebleu.sentence_ter"),
    _kind("meteor", "METEOR with words and stems, without WordNet's synonyms", "text", grade="up",
          extra="text",
          options={"language": _text("english", "whose stems; `none`: words alone", "english",
                                     "german", "french", "spanish", "italian", "dutch",
                                     "portuguese", "none")},
          misleads="synonyms count as other words",
          source="Banerjee and Lavie 2005, https://aclanthology.org/W05-0909",
          formula="10 P R / (R + 9 P) * (1 - 0.5 (chunks / matches)^3)",
          oracle="nltk.translate.meteor_score.single_meteor_score"),
    _kind(EMBEDDED, "cosine of the vectors of the output and of the expected text, made by "
          "`model`; the best of several expected texts, and 0 below 0", "text", grade="up",
          extra="embeddings",
          options={"model": _object("whose vectors: provider, name, and upstream and version")},
          required=("model",),
          misleads="a sentence and its opposite are alike; texts that have nothing in common may "
          "be at 0.3 with one model and at 0.8 with another",
          source="Reimers and Gurevych 2019, https://arxiv.org/abs/1908.10084",
          formula="max(0, u . v / (|u| |v|))", oracle="sklearn.metrics.pairwise.cosine_similarity"),
    _kind("similarity", "1 - Levenshtein distance of characters over the longer length", "text",
          grade="up", options=_CASE, misleads="one wrong digit is nearly the same",
          formula="1 - distance / max(length of output, length of expected)",
          oracle="rapidfuzz.distance.Levenshtein.normalized_similarity",
          source="Levenshtein 1966, Soviet Physics Doklady 10(8), 707"),
    _kind("wer", "word error rate: word edits over words of the expected text", "text",
          grade="down", options=_WORDS,
          misleads="it can be above 1; the mean of cases is not the corpus rate",
          formula="(insertions + deletions + substitutions) / expected words",
          oracle="jiwer.wer",
          source="Morris, Maier and Green 2004, https://doi.org/10.21437/Interspeech.2004-668"),
    _kind("cer", "character error rate: character edits over characters of the expected text",
          "text", grade="down", options=_WORDS, misleads="as word error rate",
          formula="(insertions + deletions + substitutions) / expected characters",
          oracle="jiwer.cer",
          source="Morris, Maier and Green 2004, https://doi.org/10.21437/Interspeech.2004-668"),
    _kind("absolute_error", "distance of the output's number from the expected one, at most "
          "`worst`; an answer without a number counts as `worst`", "text", grade="down",
          options={**_NUMBERS, "worst": _number(None, "the largest error, on the scale of the "
                                                "numbers")},
          required=("worst",),
          formula="min(|said - right|, worst)",
          oracle="sklearn.metrics.mean_absolute_error",
          source="Willmott and Matsuura 2005, https://doi.org/10.3354/cr030079"),
    _kind("json_fields", "F1 of the fields (path and value) of the output and of `expect.json`",
          "json", grade="up", options={"fenced": _flag("JSON in a fenced block counts")},
          misleads="every field weighs the same",
          formula="2 TP / (2 TP + FP + FN) over pairs of path and value",
          oracle="sklearn.metrics.f1_score",
          source="Manning, Raghavan and Schütze 2008, chapter 8, "
          "https://nlp.stanford.edu/IR-book/"),
    _kind("items", "F1 of the items of the output (a JSON list, or one a line) and of the list "
          "`expect.json`", "json", grade="up", options={**_CASE, "fenced": _flag(
              "JSON in a fenced block counts")}, misleads="order does not count",
          formula="2 TP / (2 TP + FP + FN) over items",
          oracle="sklearn.metrics.f1_score",
          source="Manning, Raghavan and Schütze 2008, chapter 8, "
          "https://nlp.stanford.edu/IR-book/"),
    _kind("spans", "F1 of the spans of the output, a JSON list such as `[[0, 5, \"NAME\"]]`, and "
          "of `expect.json`; a span counts when all of it is right", "json", grade="up",
          options={"fenced": _flag("JSON in a fenced block counts")},
          misleads="a span that is off by one character is wrong",
          source="exact match of CoNLL 2003, https://aclanthology.org/W03-0419",
          formula="2 TP / (2 TP + FP + FN) over spans",
          oracle="sklearn.metrics.f1_score"),
    _kind("distinct", "share of the answer's n-grams of words that are different", grade="up",
          options={"n": _whole(2, "words of an n-gram", 1, 8)},
          misleads="short answers are diverse; it sees no repetition across answers",
          source="distinct-n, Li et al. 2016, https://arxiv.org/abs/1510.03055",
          formula="different n-grams / n-grams",
          oracle="nltk.util.ngrams"),
)  # fmt: skip

SCORERS: dict[str, ScorerKind] = {kind.name: kind for kind in (*_VERDICTS, *_GRADES)}
"""Name -> kind, verdicts first."""


READS = {name: kind.reads for name, kind in SCORERS.items() if kind.reads}
"""Scorer -> the expectation that it reads."""

DEFAULT_SCORERS = {
    "label": "label",
    "text": "exact",
    "regex": "regex",
    "schema": "schema",
    "action": "action",
    "absent": "absent",
    "trajectory": "trajectory",
    "turns": "turns",
    "json": "json",
    "tests": "python",
    "sql": "sql",
}
"""Expectation -> the scorer that reads it when the suite names none that does."""


def score_name(spec: ScorerSpec) -> str:
    """The name under which a score is stored; a detector's is the detector's."""
    return spec.name or str(spec.options.get("detector") or spec.scorer)


def usual_scorers(named: Iterable[ScorerSpec]) -> dict[str, str]:
    """Expectation -> the scorer that reads it beside those named, of which none does."""
    read = {READS.get(spec.scorer, "") for spec in named}
    return {what: scorer for what, scorer in DEFAULT_SCORERS.items() if what not in read}


def expects(case: Case, what: str) -> bool:
    """Whether a case has the expectation that a scorer reads."""
    expect = case.expect
    if what == "turns":
        return bool(case.turns) and not any("role" in turn for turn in case.turns)
    if what == "text":
        return expect.text is not None or bool(expect.texts)
    value = getattr(expect, what)
    return value is not None and value is not UNSET


def scorer_faults(spec: ScorerSpec) -> list[OptionFault]:
    """Every fault of a scorer's options; those of judges are their own (`rubric_options`)."""
    kind = SCORERS[spec.scorer]
    faults = option_faults(kind, spec.options)
    for key in kind.required:
        if not spec.options.get(key) and spec.options.get(key) != 0:
            message = f"the scorer `{kind.name}` needs the option `{key}`"
            faults.append(OptionFault(key, message, kind.options[key].meaning))
    judged = sorted({"at_least", "at_most"} & spec.options.keys() & kind.options.keys())
    if judged and spec.name in ("", kind.name):
        faults.append(
            OptionFault(
                judged[0],
                f"with `{judged[0]}` the score is a verdict, no longer `{kind.name}`",
                "give it a `name:` of its own",
            )
        )
    return faults


def grade_of(spec: ScorerSpec) -> str:
    """`up` or `down` where the score is a matter of degree; empty where it is a verdict."""
    kind = SCORERS.get(spec.scorer)
    judged = {"at_least", "at_most"} & spec.options.keys()
    return "" if kind is None or kind.grade == "verdict" or judged else kind.grade


def score_grades(observation: Observation) -> dict[str, str]:
    """Scores of a row that are matters of degree -> `up` or `down`."""
    grades: dict[str, str] = observation.attributes.get("graded", {})
    return grades


def verdicts_of(observation: Observation) -> list[float]:
    """Scores by which a row passes: those of what left that are verdicts."""
    grades = score_grades(observation)
    return [
        value
        for name, value in observation.scores.items()
        if name not in grades and not name.startswith(NO_CHECKS)
    ]
