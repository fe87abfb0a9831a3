"""What lies in deploy/ is well formed, by the judgement of who will read it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
KUBERNETES = Path(
    os.environ.get("ROADWORTHY_OUTSIDE_PYTHON_KUBERNETES", "")
    or ROOT / "build" / "outside" / "kubernetes" / "bin" / "python"
)

VALIDATE = """\
import sys, yaml, kubernetes_validate as k
for document in yaml.safe_load_all(open(sys.argv[1])):
    k.validate(document, sys.argv[2], strict=True)
    print(document["kind"])
"""


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="needs systemd: apt-get install systemd"
)
def test_systemd_reads_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "roadworthy.service"
    text = (DEPLOY / "roadworthy.service").read_text()
    assert "/opt/roadworthy/bin/roadworthy" in text
    unit.write_text(text.replace("/opt/roadworthy/bin/roadworthy", "/bin/true"))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True
    )
    about = [line for line in done.stderr.splitlines() if "roadworthy.service" in line]
    assert about == [], done.stderr
    broken = tmp_path / "broken.service"
    broken.write_text(unit.read_text().replace("ProtectSystem=strict", "ProtectSistem=strict"))
    said = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(broken)], capture_output=True, text=True
    )
    assert "ProtectSistem" in said.stderr, "it would not say what is wrong"


@pytest.mark.slow
@pytest.mark.skipif(not KUBERNETES.exists(), reason="needs kubernetes-validate: make outside")
@pytest.mark.parametrize("version", ["1.28.0", "1.37.0"])
def test_kubernetes_takes_the_manifests(version: str) -> None:
    file = str(DEPLOY / "kubernetes" / "roadworthy.yaml")
    done = subprocess.run(
        [str(KUBERNETES), "-c", VALIDATE, file, version], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["StatefulSet", "Service", "NetworkPolicy"]


def test_a_workspace_has_one_gateway_and_no_root() -> None:
    stateful, *_ = yaml.safe_load_all((DEPLOY / "kubernetes" / "roadworthy.yaml").read_text())
    pod = stateful["spec"]["template"]["spec"]
    assert stateful["spec"]["replicas"] == 1
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["containers"][0]["securityContext"]["readOnlyRootFilesystem"] is True
    (claim,) = stateful["spec"]["volumeClaimTemplates"]
    assert claim["spec"]["accessModes"] == ["ReadWriteOncePod"]


def test_what_the_image_copies_is_there_and_it_runs_as_nobody() -> None:
    text = (DEPLOY / "Containerfile").read_text().replace("\\\n", " ")
    copied = [words.split()[:-1] for words in re.findall(r"^COPY (.+)$", text, re.MULTILINE)]
    assert copied
    for source in (one for words in copied for one in words):
        assert (ROOT / source).exists(), source
    assert re.search(r"^USER 10001$", text, re.MULTILINE)
    assert "--require-hashes" in text
