"""The example system with rules in the place of its language model: the demo's story in no time."""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "examples" / "claims-desk"

_MODEL = re.compile(r"model:\n  provider: local\n(?:  .*\n)*prompt: .*\nsampling: .*\n")
_WORD = re.compile(r'"(\w+)": ')


def without_a_model(target: Path) -> Path:
    """A copy whose weak candidate knows no word as it is written; all others know them."""
    root = target / "claims-desk"
    shutil.copytree(EXAMPLE, root, ignore=shutil.ignore_patterns(".roadworthy", "__pycache__"))
    rules = (root / "baseline-rules.yaml").read_text(encoding="utf-8")
    weak = _WORD.sub(r'"x\1": ', rules)
    (root / "weak.yaml").write_text(weak, encoding="utf-8")
    (root / "other.yaml").write_text(rules.replace("0.20", "0.21"), encoding="utf-8")
    for file in ("weak.yaml", "other.yaml"):
        (root / "models" / file).write_text(_registered(root / file), encoding="utf-8")
    for name, file in (
        ("candidate.yaml", "weak.yaml"),
        ("candidates/described.yaml", "other.yaml"),
        ("candidates/next.yaml", "other.yaml"),
    ):
        path = root / name
        text = path.read_text(encoding="utf-8").replace("  calibrate: true", "  # calibrated:")
        model = f"model: {{provider: rule, name: words, file: {file}}}\n"
        written, count = _MODEL.subn(model, text)
        assert count == 1, name
        path.write_text(written, encoding="utf-8")
    return root


def _registered(rules: Path) -> str:
    """The file by which rules are registered as a model."""
    digest = hashlib.sha256(rules.read_bytes()).hexdigest()
    return (
        f"id: {rules.stem}\ntitle: Rules\nmaker: a test\nlicence: Apache-2.0\n"
        f"intended_use: Sort claims.\n"
        f"identity: {{provider: rule, name: words, digest: 'sha256:{digest}'}}\n"
    )
