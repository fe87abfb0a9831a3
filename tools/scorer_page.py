"""The reference page of the scorers: what each scores, reads and takes, from the catalogue."""

from __future__ import annotations

from roadworthy.domain import INDICATORS, JUDGED, SCORE_SHOWN, SCORERS, Option, ScorerKind

_INTRO = """# Scorers

A suite names its scorers in `suites/NAME.yaml`; each reads one expectation of a case and stores one
score under its name, or under `name:`. Expectations that no scorer of the suite reads get their
default one, so that none is left unread. How to use them:
[score answers](../how-to/score-answers.md).

```yaml
scorers:
- scorer: exact
  options: {squad: true}
- scorer: rouge_l
- scorer: wer
  name: close_enough
  options: {at_most: 0.2}      # a matter of degree, made a verdict
```

A **verdict** is 1 for right and 0 for wrong. A **degree** says how much: *more is better* lies
between 0 and 1, *less is better* begins at 0. Cases pass and fail by their verdicts alone;
degrees are measured, compared with their targets, and never counted as wrong for being less than 1.
"""

_WORTH = {"verdict": "verdict", "up": "degree, more is better", "down": "degree, less is better"}

_WHEN = {"embeddings": " for the `local` model"}


def page() -> str:
    """The whole page."""
    shown = {score: name for name, score in SCORE_SHOWN.items()}
    parts = [_INTRO]
    for name, kind in SCORERS.items():
        parts.append(f"## {name}\n\n{_sentence(kind.summary)}.\n")
        parts.append(_facts(kind, shown.get(name, "")))
        if kind.options:
            rows = [_row(key, option, kind) for key, option in kind.options.items()]
            head = "| option | default | meaning |\n| --- | --- | --- |"
            parts.append("\n".join([head, *rows]) + "\n")
        elif name in JUDGED:
            parts.append("Options: see `roadworthy schema suite`.\n")
    return "\n".join(parts)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _facts(kind: ScorerKind, indicator: str) -> str:
    facts = [f"- score: {_WORTH[kind.grade]}"]
    place = "turns[].expect" if kind.reads == "turns" else f"expect.{kind.reads}"
    facts += [f"- reads: `{place}`"] if kind.reads else []
    if indicator:
        assert indicator in INDICATORS
        facts.append(f"- indicator: `{indicator}`")
    if kind.extra:
        when = _WHEN.get(kind.extra, "")
        facts.append(f"- needs: `pip install 'roadworthy[{kind.extra}]'`{when}")
    facts += ["- runs what the answer says, confined"] if kind.executes else []
    facts += [f"- misleads: {kind.misleads}"] if kind.misleads else []
    facts += [f"- source: {kind.source}"] if kind.source else []
    return "\n".join(facts) + "\n"


def _row(key: str, option: Option, kind: ScorerKind) -> str:
    default = "needed" if key in kind.required else _shown(option)
    choices = f" ({', '.join(f'`{one}`' for one in option.choices)})" if option.choices else ""
    return f"| `{key}` | {default} | {option.meaning}{choices} |"


def _shown(option: Option) -> str:
    if option.default in (None, "", []):
        return "-"
    return f"`{str(option.default).lower() if option.kind == 'flag' else option.default}`"
