"""`check` lists under the clauses only what this version acts on, and apart what it only keeps."""

from __future__ import annotations

from pathlib import Path

from doubles.systems import write_system
from roadworthy.manifests import clauses_of, kept_for_later, read_folder

SLOS = """\
slos:
- name: error_rate_1h
  target: "<= 0.1"
  window: 1h
  at: [runtime]
  burn: [{long: 1h, short: 5m, rate: 5}]
- {name: accuracy, target: ">= 0.98 x baseline", at: [runtime]}
"""
ROLLOUT = """\
steps: [{weight_percent: 10, bake: 1h}]
limits: {max_per_minute_and_tenant: 600}
"""


def test_what_is_only_kept_stands_for_no_clause(tmp_path: Path) -> None:
    write_system(tmp_path, {"safety-slos.yaml": SLOS, "rollout.yaml": ROLLOUT})
    reading = read_folder(tmp_path)
    stands = [told for every in clauses_of(reading).values() for told in every]
    kept = [told for every in kept_for_later(reading).values() for told in every]
    assert "objective error_rate_1h" in stands and "rollout of 1 step" in stands
    assert "objective accuracy" in kept and "objective accuracy" not in stands
    assert not [told for told in kept if "burn" in told], "they act"
    assert "limits of the rollout" in kept
