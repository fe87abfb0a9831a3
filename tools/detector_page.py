"""The reference page of the detectors: what each looks for and its options, from the code."""

from __future__ import annotations

import importlib
import inspect

import deep_rail_page

from roadworthy.detectors import DETECTOR_NAMES
from roadworthy.detectors.national import COUNTRIES
from roadworthy.manifests.detector_checks import DETECTOR_OPTIONS

MODULES = {
    "pattern": "patterns", "deny": "deny", "pii": "pii", "secrets": "secrets", "schema": "schema",
    "cel": "expression", "classifier": "linear", "linear": "linear", "verbatim": "verbatim",
    "prompt_leak": "prompt_leak",
    "injection": "trained", "toxicity": "trained",
}  # fmt: skip

EXAMPLES = {
    "pattern": "patterns: {CLAIM: 'CL-[0-9]{6}', PROMISE: [we will pay, you will get]}",
    "deny": "words: [guaranteed, risk-free]",
    "pii": "kinds: [IBAN, PAYMENT_CARD, EMAIL]\ncountries: [DE, FR]",
    "secrets": "kinds: [API_KEY, PRIVATE_KEY]",
    "schema": "schema: {type: object, required: [desk]}",
    "cel": "expression: 'size(output) > 2000 || decision == \"refuse\" && confidence < 0.8'",
    "classifier": 'weights: {bias: -2.0, weights: {lawyer: 3.0, "legal action": 2.0}}\nngrams: 2',
    "linear": "weights: {bias: -2.0, weights: {lawyer: 3.0}}",
    "injection": "false_alarms: 0.01",
    "toxicity": "false_alarms: 0.002",
    "prompt_leak": "canary: [ZEBRA-4711-QUARTZ]\nwords: 12",
    "verbatim": "texts: [It was the best of times it was the worst of times]\nwords: 8",
}
"""Detector -> options as a file writes them; a test builds each."""


def options_told(name: str) -> str:
    """What the detector's own builder says of its options."""
    text = inspect.getdoc(_module(name).make) or ""
    return " ".join(text.partition("Options:")[2].split())


def _module(name: str) -> object:
    return importlib.import_module(f"roadworthy.detectors.{MODULES[name]}")


def _about(name: str) -> str:
    """The module's own words: what it is, what enters and leaves, what never happens."""
    text = inspect.getdoc(_module(name)) or ""
    return text.partition(": ")[2] if name != "linear" else text


FOLDING = """\
With `normalise` (the default) a text is looked at as it is and as it looks:

- wide, mathematical and circled letters, ligatures (NFKC), letters and digits of other scripts
  that look Latin, typographic dashes and quotes are what they look like;
- stray accents and strokes are left out;
- all that shows as a blank is one: spaces of every width and script, Braille's, vertical tab,
  U+001C to U+001F, ends of lines and paragraphs; of three and more in a row two stay;
- what nobody sees (zero-width characters, joiners, soft hyphen, variation selectors, tags, other
  controls such as backspace) is nothing, and in a second view a blank between two words;
- fillers (Hangul's, U+180E) are blanks, as most fonts show them, and in a view of their own
  nothing;
- tags (U+E0020 to U+E007E) and bytes in variation selectors (U+E0110 to U+E016E) are also the
  letters that they stand for, which a model reads, joined to the words beside them and apart.

What any view brings is a finding, at its place in the text as it is; the text stays as it is.
A view takes all unseen characters alike. Where one breaks a word and the next stands for a
blank (`k\N{MIDDLE DOT}ill\N{MIDDLE DOT}myself`), a reader sees `killmyself`, and so does a pattern.

With `decode: true` (`deny` and `pattern`) what a text hides is looked at too: base64, base32,
base85, hex, binary, escapes, HTML entities, per cent signs, rot13, backwards, leet, Morse and
s p a c e d. What is found there is a finding over the whole text, and an output rail collects the
whole answer. It costs about 0.1 ms for 500 characters (one run of `timeit`, one core), several
times what all other rails cost a plain question; so it is asked for.
"""


def page() -> str:
    """The whole page."""
    parts = [
        "# Detectors\n",
        "A detector looks at a text and says what it found, where, and how surely (0 to 1). The "
        "same one serves as a\nrail (`rails.yaml`), as a never event's rule (`classifier` in "
        "`charter.yaml`) and as a scorer (`detector` in a\nsuite). Options that it does not know "
        "are a fault of `check`.\n",
        "```yaml\n# rails.yaml\nrails:\n- id: account-numbers-out\n  detector: pii\n  on: output\n"
        "  action: redact            # block | redact | flag | hold | replace | label | resample\n"
        "  threshold: 0.5\n  options: {kinds: [IBAN]}\n```\n",
        FOLDING,
    ]
    for name in DETECTOR_NAMES:
        if name == "linear":
            parts.append("## linear\n\nThe same as `classifier`.\n")
            continue
        listed = ", ".join(f"`{option}`" for option in DETECTOR_OPTIONS[name])
        parts.append(f"## {name}\n\n{_sentence(_about(name))}\n")
        parts.append(f"Options ({listed}): {options_told(name)}\n")
        parts += [f"{row}\n" for row in _lists(name)]
        parts.append(f"```yaml\ndetector: {name}\noptions:\n{_indented(EXAMPLES[name])}\n```\n")
    parts.append(deep_rail_page.sections())
    return "\n".join(parts).rstrip("\n") + "\n"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _lists(name: str) -> list[str]:
    """Kinds and countries, where a detector has them."""
    kinds = getattr(_module(name), "KINDS", ())
    rows = [f"`kinds`: {', '.join(f'`{kind}`' for kind in kinds)}."] if kinds else []
    if name == "pii":
        rows.append(f"`countries`: {', '.join(f'`{code}`' for code in COUNTRIES)}.")
    return rows


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
