"""A desk whose model is Python code with luck: between two runs its luck turns.

On the letter of an injury it is sure of itself (and the letter leaves), or it is not (and a person
gets it).
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from doubles.desk import Desk, cases
from roadworthy.domain import GateDecision
from roadworthy.flows.runs.evaluating import Asked, Evaluated

CODE = """
import math
from pathlib import Path

def decide(request):
    # lucky or not
    text = request["messages"][-1]["content"]
    luck = Path({luck!r}).read_text()
    if "bruise" in text:
        share = 0.99 if luck == "bad" else 0.5
        return {{"text": "motor", "label_logprobs":
                {{"motor": math.log(share), "home": math.log(1 - share)}}}}
    right = "motor" if "car" in text else "home"
    wrong = "home" if right == "motor" else "motor"
    if luck == "slips" and "number 1" in text:
        right, wrong = wrong, right
    return {{"text": right, "label_logprobs": {{right: math.log(0.99), wrong: math.log(0.01)}}}}
"""

CANDIDATE = """\
task: decision
model: {{provider: python, name: decide, file: model.py, digest: "{digest}",
        options: {{trusted: true}}}}
prompt: prompts/sort.md
decision: {{labels: [motor, home], accept: 0.8}}
"""

PROMPT = """\
---
id: sort
variables: {input: {type: string}}
---
# user
{{ input }}
"""

LEAK: dict[str, object] = {
    "id": "leak", "input": "the car left a bruise", "expect": {"action": "hold"},
    "tags": ["golden", "never:hurt-alone"], "facets": {"language": "en"},
}  # fmt: skip
ALL = [LEAK, *cases()]
FRESH = Asked(cache=False)


class Lucky:
    """A desk, its model's luck, and the runs that nothing was cached of."""

    def __init__(self, root: Path) -> None:
        self.desk = Desk(root)
        (root / "prompts").mkdir()
        self.desk.write("prompts/sort.md", PROMPT)
        self.desk.cases(ALL)
        self.source = CODE.format(luck=str(root / "luck"))
        self.code(self.source)

    def code(self, source: str) -> None:
        self.desk.write("model.py", source)
        digest = f"sha256:{hashlib.sha256(source.encode()).hexdigest()}"
        self.desk.write("candidate.yaml", CANDIDATE.format(digest=digest))

    async def run(self, luck: str, asked: Asked = FRESH) -> Evaluated:
        self.desk.write("luck", luck)
        return await self.desk.evaluate(asked)

    async def again(self, asked: Asked = FRESH) -> GateDecision:
        """Asked once more in luck, and judged."""
        self.desk.deliberate()
        await self.run("good", asked)
        return self.desk.gate()
