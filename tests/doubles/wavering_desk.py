"""A desk whose model wavers on some letters: right on every other repeat."""

from __future__ import annotations

from pathlib import Path

from doubles.desk import SLOS, Desk, cases
from roadworthy.domain import sha256

MODEL = """\
def answer(request):
    text = request["messages"][-1]["content"]
    right = "motor" if "tyre" in text else "home"
    wrong = "home" if right == "motor" else "motor"
    if "wrong" in text or ("wavers" in text and request["sampling"]["seed"] % 2):
        return wrong
    return right
"""

CANDIDATE = f"""\
task: decision
model:
  provider: python
  name: answer
  file: model.py
  digest: "{sha256(MODEL.encode())}"
  options: {{trusted: true}}
decision: {{labels: [motor, home], confidence: verbalised}}
"""


class WaveringDesk(Desk):
    """The desk with 80 steady cases and these beside them, each asked `repeats` times."""

    def __init__(self, root: Path, *beside: dict[str, object], repeats: int = 4) -> None:
        super().__init__(root)
        self.write("model.py", MODEL)
        self.write("candidate.yaml", CANDIDATE)
        self.write("safety-slos.yaml", SLOS.replace(">= 0.8", "== 1"))
        self.ask(*beside, repeats=repeats)

    def ask(self, *beside: dict[str, object], repeats: int = 4, steady: int = 80) -> None:
        """Set the cases."""
        self.write("suites/main.yaml", f"name: main\ncases: [main.jsonl]\nrepeats: {repeats}\n")
        self.cases([*cases(steady), *beside])

    def hold(self, *cases: str, until: str = "2099-12-31", more: str = "") -> None:
        """Put cases into quarantine."""
        lines = "".join(
            f'- {{case: {case}, suite: main, owner: Ada, reason: odd letters, until: "{until}"}}\n'
            for case in cases
        )
        self.write("quarantine.yaml", f"cases:\n{lines}{more}")


def a_letter(name: str, text: str = "a tyre that wavers", **more: object) -> dict[str, object]:
    """A case about a car."""
    return {"id": name, "input": f"{text}, {name}", "expect": {"label": "motor"}} | more
