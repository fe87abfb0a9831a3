"""charter.yaml: what no type can say of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from msgspec import UNSET

from roadworthy.domain import CelRule, Charter, NeverEvent

from .compiled import RULE_VARIABLES, check_cel, check_pattern, check_schema, check_schema_file
from .deep_checks import check_asked
from .detector_checks import check_detector
from .document import Document, Path
from .reading import CHARTER, Reading

SYSTEM_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
"""Also a host name's label (RFC 1123), so that it fits into addresses and file names."""

_SEMANTIC = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")

LIFTERS = 2
"""People who lift a kill together; one person is never enough."""

_KINDS = ("pattern", "cel", "schema", "classifier", "judge")


def check_charter(reading: Reading) -> None:
    """Note the faults of the charter."""
    charter = reading.charter
    if charter is None:
        return
    document = reading.document(CHARTER)
    _check_head(charter, document)
    check_ids([event.id for event in charter.never], "never", "never event", document)
    check_ids([one.id for one in charter.endpoints], "endpoints", "endpoint", document)
    check_ids([risk.id for risk in charter.risks], "risks", "risk", document)
    for index, event in enumerate(charter.never):
        _check_never(event, ("never", index), reading, document)
    _check_endpoints(charter, document)
    _check_disclosure(reading, charter, document)
    _check_inbound(reading, charter, document)
    _check_approvals(charter, document)


def _check_inbound(reading: Reading, charter: Charter, document: Document) -> None:
    """Who is asked whether a model made a picture can be asked, and answered."""
    inbound = charter.behaviour.inbound_media
    if inbound is UNSET or inbound.detector is UNSET:
        return
    place = ("behaviour", "inbound_media", "detector")
    check_asked(
        inbound.detector.upstream, reading, document, (*place, "upstream"), who="the detector"
    )
    if not inbound.detector.score.startswith("/"):
        document.fault(
            (*place, "score"),
            f"`{inbound.detector.score}` is no JSON pointer, so no answer has the number there",
            'write `score: /score` for the answer {"score": 0.9}',
        )


def _check_disclosure(reading: Reading, charter: Charter, document: Document) -> None:
    """People learn that they talk to an AI system, somehow (EU AI Act, Article 50(1))."""
    behaviour, disclosure = charter.behaviour, charter.behaviour.disclosure
    place = ("behaviour", "disclosure")
    if disclosure is not UNSET and not behaviour.identifies_as_ai:
        document.fault(
            place,
            "`disclosure` says how people learn that they talk to an AI system, and there is no "
            "sentence that says so",
            "write `behaviour.identifies_as_ai: You are talking to an AI system.`",
        )
    if disclosure is not UNSET and disclosure.where == "interface" and not disclosure.why.strip():
        document.fault(
            (*place, "where"),
            "with `where: interface` no answer says that it comes from an AI system, and `why` "
            "does not say how people are told",
            "write `why: a banner above the dialogue, before the first word`, or `where: answer`",
        )
    _check_labels(charter, document)
    candidate = reading.candidate
    talks = candidate is not None and candidate.task in ("chat", "generation", "rag")
    told = behaviour.identifies_as_ai or charter.facts.get("interacts_with_people") is False
    if talks and not told and document.sound(("behaviour",)):
        document.fault(
            ("behaviour",),
            "nothing tells people that they talk to an AI system (EU AI Act, Article 50(1))",
            "write `behaviour.identifies_as_ai: You are talking to an AI system.`, or "
            "`facts: {interacts_with_people: false}` where only programs read the answers",
            severity="warning",
        )


_MOST_LABEL = 80
_MOST_SPOKEN = 200


def _check_labels(charter: Charter, document: Document) -> None:
    """What deep fakes and texts of public interest say of themselves (Article 50(4))."""
    disclosure, facts = charter.behaviour.disclosure, charter.facts
    fake = disclosure.deep_fake if disclosure is not UNSET else UNSET
    public = disclosure.public_interest if disclosure is not UNSET else UNSET
    place: Path = ("behaviour", "disclosure")
    if facts.get("deepfake") is True and fake is UNSET:
        document.fault(
            ("facts", "deepfake"),
            "what this system makes could be taken for real, and nothing says that a model made it "
            "(EU AI Act, Article 50(4))",
            "write `behaviour.disclosure.deep_fake: {spoken: {en: This voice was made by AI.}}`",
            severity="warning",
        )
    edited = facts.get("human_editorial_review") is True
    if facts.get("public_interest_text") is True and public is UNSET and not edited:
        document.fault(
            ("facts", "public_interest_text"),
            "texts inform the public, and nothing says that a model wrote them (EU AI Act, Article "
            "50(4))",
            "write `behaviour.disclosure.public_interest: {sentence: A model wrote this text.}`, or"
            " `{editor: who holds editorial responsibility}`",
            severity="warning",
        )
    for name, texts, most in (
        ("labels", fake.labels if fake is not UNSET else {}, _MOST_LABEL),
        ("spoken", fake.spoken if fake is not UNSET else {}, _MOST_SPOKEN),
    ):
        for language, text in texts.items():
            if not text.strip() or len(text) > most:
                document.fault(
                    (*place, "deep_fake", name, language),
                    f"`{language}` says nothing, or more than {most} characters",
                    "write a few words",
                )
    if public is not UNSET and bool(public.sentence.strip()) is bool(public.editor.strip()):
        document.fault(
            (*place, "public_interest"),
            "`public_interest` has one of two: a `sentence` that texts begin with, or an `editor` "
            "who holds responsibility for what people reviewed",
            "write `sentence: A model wrote this text.`",
        )


def _check_head(charter: Charter, document: Document) -> None:
    if document.sound(("system",)) and not SYSTEM_NAME.fullmatch(charter.system):
        document.fault(
            ("system",),
            f"`{charter.system}` is no system name",
            "use lower-case letters, digits and hyphens, such as `claims-desk` (at most 63)",
        )
    if document.sound(("version",)) and not _SEMANTIC.fullmatch(charter.version):
        document.fault(
            ("version",),
            f"`{charter.version}` is no semantic version",
            'write three numbers such as `version: "1.0.0"`',
        )
    for key in ("title", "human_goal"):
        check_filled(getattr(charter, key), (key,), document)
    check_filled(charter.use.intended_purpose, ("use", "intended_purpose"), document)
    if document.sound(("owners",)) and not charter.owners:
        document.fault(
            ("owners",), "`owners` names nobody", "write `role: person or team`, one a line"
        )
    if document.sound(("time_zone",)) and not _is_time_zone(charter.time_zone):
        document.fault(
            ("time_zone",),
            f"`{charter.time_zone}` is no time zone",
            "write a name of the IANA database such as `Europe/Berlin`, or `UTC`",
        )


def _is_time_zone(name: str) -> bool:
    if name == "UTC":
        return True
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return False
    return True


def check_filled(text: str, place: Path, document: Document) -> None:
    """Note a text that is there but says nothing."""
    if document.sound(place) and not text.strip():
        document.fault(place, f"`{document.spell(place)}` is empty", "write one sentence")


def check_ids(ids: Sequence[str], key: str, noun: str, document: Document) -> None:
    """Note ids of a list that stand twice or have no usable form."""
    first: dict[str, int] = {}
    for index, name in enumerate(ids):
        place = (key, index, "id")
        if not document.sound(place):
            continue
        if not _ID.fullmatch(name):
            document.fault(
                place,
                f"`{name}` is no id",
                "use letters, digits, `.`, `_` and `-`, at most 80 of them",
            )
        elif name in first:
            line = document.line_of((key, first[name], "id"))
            document.fault(
                place,
                f"the {noun} `{name}` stands here twice (first on line {line})",
                "give it another id, or remove one",
            )
        else:
            first[name] = index


def _check_never(event: NeverEvent, place: Path, reading: Reading, document: Document) -> None:
    check_filled(event.statement, (*place, "statement"), document)
    rule = (*place, "rule")
    kinds = [kind for kind in _KINDS if getattr(event.rule, kind) is not None]
    if document.sound(rule) and len(kinds) != 1:
        what = "has no kind" if not kinds else f"has {len(kinds)} kinds ({', '.join(kinds)})"
        document.fault(
            rule,
            f"the rule of `{event.id}` {what}",
            "write exactly one of " + ", ".join(f"`{kind}`" for kind in _KINDS),
        )
    _check_pattern_rule(event, rule, document)
    cel = event.rule.cel
    if isinstance(cel, CelRule):
        expression = (*rule, "cel", "expression")
        check_cel(cel.expression, document, expression, variables=RULE_VARIABLES)
    elif isinstance(cel, str):
        check_cel(cel, document, (*rule, "cel"), variables=RULE_VARIABLES)
    if event.rule.schema is not None:
        schema, at = event.rule.schema.schema, (*rule, "schema", "schema")
        if isinstance(schema, str):
            check_schema_file(schema, reading.folder, document, at)
        else:
            check_schema(schema, document, at)
    if event.rule.classifier is not None:
        classifier, at = event.rule.classifier, (*rule, "classifier")
        check_detector(classifier.detector, classifier.options, reading.folder, document, at)


def _check_pattern_rule(event: NeverEvent, rule: Path, document: Document) -> None:
    if event.rule.pattern is None:
        return
    place = (*rule, "pattern", "patterns")
    if document.sound(place) and not event.rule.pattern.patterns:
        document.fault(place, f"the rule of `{event.id}` has no pattern", "write at least one")
    for index, pattern in enumerate(event.rule.pattern.patterns):
        check_pattern(pattern, document, (*place, index))


def _check_endpoints(charter: Charter, document: Document) -> None:
    if document.sound(("endpoints",)) and not charter.endpoints:
        document.fault(
            ("endpoints",),
            "`endpoints` is empty",
            "write at least one, with `id` and `fallback` (the safe answer when all else fails)",
        )
    for index, endpoint in enumerate(charter.endpoints):
        check_filled(endpoint.fallback, ("endpoints", index, "fallback"), document)


def _check_approvals(charter: Charter, document: Document) -> None:
    place = ("review", "approvals", "resume")
    needed = charter.review.approvals.get("resume", LIFTERS)
    if document.sound(place) and needed < LIFTERS:
        document.fault(
            place,
            f"`review.approvals.resume` is {needed}, but only two people together lift a kill",
            f"write `resume: {LIFTERS}` or more",
        )
    known = {
        "release", "activate", "resume", "review", "rollout", "waiver", "emergency_rail",
    }  # fmt: skip
    for act in charter.review.approvals:
        _warn_unknown_act(act, known, document)


def _warn_unknown_act(act: str, known: Iterable[str], document: Document) -> None:
    if act not in known:
        document.fault(
            ("review", "approvals", act),
            f"`review.approvals.{act}` names an act that asks for no approval",
            "the acts are " + ", ".join(f"`{one}`" for one in sorted(known)),
            severity="warning",
        )
