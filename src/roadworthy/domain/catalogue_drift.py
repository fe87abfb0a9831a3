"""Indicators of drift: what is asked, answered and decided beside a release's reference."""

from __future__ import annotations

from .indicator import IndicatorSpec, share_spec

_TV = "total variation distance, Levin and Peres 2017, chapter 4"
_LOOKS = "its interval is of one look: of a hundred looks at no change up to five alarm falsely"


def _distance(
    name: str, definition: str, *, intervals: tuple[str, ...] = ("noise_norm",), **given: object
) -> IndicatorSpec:
    return IndicatorSpec(
        name=name,
        definition=definition,
        kind="score",
        area="shift",
        higher_is_better=False,
        measured=True,
        intervals=intervals,
        **given,  # type: ignore[arg-type]
    )


DRIFT = (
    _distance(
        "input_drift",
        "share of the inputs that would have to be of another topic for them to lie as the "
        "reference's do, beyond what chance sets apart",
        needs=("reference",),
        misleads="of a suite it says how its cases differ from the reference, which a robustness "
        "pack is meant to; a topic is the nearest one, so new matter can hide in an old topic: "
        f"see `ood_rate`; {_LOOKS}",
        formula="sum_k |q_k - p_k| / 2, less what chance adds; p: topics of the reference, q: seen",
        counts="cases, and different live inputs, that were held against this reference, each "
        "once however often it was asked (so the reference counts, too); messages of one "
        "conversation, and cases of one group, are one witness of the interval",
        oracle="numpy.abs",
        source=_TV,
        calls_for="read the topics that grew (`roadworthy journal query --texts`): grow the suite "
        "by them and evaluate again, or turn them away by a rail; then fit the reference again",
    ),
    _distance(
        "output_drift",
        "share of the answers that would have to be of another topic for them to lie as the "
        "reference's answers do, beyond what chance sets apart",
        needs=("reference",),
        misleads="answers follow questions: where `input_drift` is as large, nothing else need "
        f"have changed; {_LOOKS}",
        formula="sum_k |q_k - p_k| / 2, less what chance adds; p: topics of the reference's "
        "answers, q: those of what left",
        counts="cases, and different live inputs, whose answer was held against this reference",
        oracle="numpy.abs",
        source=_TV,
        calls_for="where inputs have not moved the model has: ask the golden cases "
        "(`roadworthy sentinel`), and evaluate the live candidate again",
    ),
    _distance(
        "decision_drift",
        "share of the decisions that would have to be others for them to be spread as the "
        "reference's are, beyond what chance sets apart",
        needs=("reference", "decision"),
        misleads="a season moves decisions that are all right; a fault that swaps as many one way "
        f"as the other moves none; {_LOOKS}",
        formula="sum_k |q_k - p_k| / 2, less what chance adds; p: decisions of the reference, "
        "q: those seen, held ones too",
        counts="cases, and different live inputs, with a decision",
        oracle="numpy.abs",
        source=_TV,
        calls_for="label a sample of the decisions that grew: where they are right the world has "
        "moved (fit again), where they are wrong hold the release and evaluate",
    ),
    _distance(
        "concept_drift",
        "how far the truths of a decision lie from those that it had in the reference: their "
        "total variation distance, averaged over the decisions as often as they are labelled now, "
        "beyond what chance sets apart",
        needs=("label", "decision", "reference"),
        misleads="only labelled rows count, and who is labelled is seldom drawn at random: labels "
        f"that come from complaints show errors first; {_LOOKS}",
        formula="sum_d w_d sum_k |q_dk - p_dk| / 2, less what chance adds; p_d: truths of decision "
        "d in the reference, q_d: those of labels since, w_d: share of the labelled rows",
        counts="labelled cases, and different live inputs, of a decision that the reference has",
        oracle="numpy.average",
        source="Gama et al. 2014, https://doi.org/10.1145/2523813; " + _TV,
        calls_for="what the same decision means has changed: add the labelled cases to the suite, "
        "evaluate, calibrate again (`roadworthy calibrate`), and change prompt or model",
    ),
    _distance(
        "purpose_drift",
        "share of the inputs that lie in no part of the reference, beyond the share of its own "
        "inputs that its threshold flags: use for what it was not made for, as far as it is seen",
        needs=("reference",),
        misleads="the detector sees a part of what is foreign (its power is beside its false-alarm "
        "rate), so it is a floor; new words for the old purpose count as foreign; one tenant can "
        "make most of it",
        formula="max(0, (f - a) / (1 - a)); f: share flagged, a: the false-alarm rate that was set",
        counts="cases, and different live inputs, that were held against this reference",
        intervals=("excess",),
        oracle="numpy.mean",
        source="Saerens et al. 2002, https://doi.org/10.1162/089976602753284446; EU AI Act, "
        "article 3 (12) and (23)",
        calls_for="re-scope: is the new use part of the intended purpose? If so, change the "
        "charter, its risks and the suite, and evaluate; if not, turn it away by a rail",
    ),
    share_spec(
        "ai_generated_share",
        "share of the inputs that contain a text this workspace's own systems wrote: ten words in "
        "a row or more, and most of the input",
        needs=("live", "log"),
        better=False,
        area="shift",
        misleads="it is a floor: what other systems wrote, or what was reworded, is not seen; a "
        "caller that sends the conversation so far is told apart only by the session; no detector "
        "of style is used: trained on some texts, it accuses most people who write others",
        formula="sum_i [input i contains a logged answer] / n",
        counts="live inputs that were looked up in the log of fingerprints",
        oracle="counted by hand",
        source="Schleimer et al. 2003, https://doi.org/10.1145/872757.872770; Shumailov et al. "
        "2024, https://doi.org/10.1038/s41586-024-07566-y",
        calls_for="label such inputs apart, keep them out of references and of cases, and ask who "
        "feeds answers back",
    ),
)
"""In the order in which they are asked: what came in, what left, what was meant, what for."""
