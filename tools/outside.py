"""Makes an environment for each tool and client of others that tests start.

    python tools/outside.py build/outside [TOOL ...]

Without names all but garak, which brings 6 GB, and the gateways that `bench/gateway.py --peers`
measures: these are `peers`.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

OURS = (
    *("pytest>=9.2", "pytest-asyncio>=1.5", "hypothesis>=6.170"),
    *("-e", str(ROOT / "verify")),
)
PACKAGES = {
    "inspect": ("inspect-ai==0.3.285", "openai>=3.54"),
    "lm-eval": ("lm_eval[api]==0.4.13",),
    "garak": ("garak==0.17.1",),
    "langchain": ("langchain-openai==1.7.3", "langchain-anthropic==1.7.7"),
    "llamaindex": (
        "llama-index-llms-openai-like==0.8.1",
        "llama-index-embeddings-openai-like==0.4.0",
    ),
    "mlflow": ("mlflow==3.17.2",),
    "schemathesis": ("schemathesis==4.32.5",),
    "kubernetes": ("kubernetes-validate==1.37.0", "pyyaml>=6.0.3"),
    # these run in our process
    "guards": (
        "presidio-analyzer==2.2.366",
        "nemoguardrails==0.24.1",
        *OURS,
        *("-e", str(ROOT)),
    ),
    "encoder": (*OURS, "-e", f"{ROOT}[encoder]"),
    "peer-litellm": (
        "litellm[proxy]==1.106.2",
        # without these it looks for one in vain at every request, and parses HTTP in Python
        *("opentelemetry-sdk==1.45.2", "opentelemetry-exporter-otlp==1.45.2"),
        "httptools==0.9.0",
    ),
    "peer-mlflow": ("mlflow[gateway]==3.17.2",),
    "peer-nemo": ("nemoguardrails[server]==0.24.1",),
}
NODE_PACKAGES = {"peer-portkey": ("@portkey-ai/gateway@1.15.2",)}
PEERS = ("peer-litellm", "peer-mlflow", "peer-nemo", "peer-portkey")
USUAL = (
    "inspect",
    "lm-eval",
    "langchain",
    "llamaindex",
    "mlflow",
    "kubernetes",
    "schemathesis",
    "guards",
    "encoder",
)


def main(target: Path, names: list[str]) -> int:
    """Make what is missing; 0 when all are there."""
    failed = 0
    wanted = [each for name in names or USUAL for each in (PEERS if name == "peers" else (name,))]
    for name in wanted:
        done = target / name / ".ready"
        if done.exists():
            continue
        if (_node if name in NODE_PACKAGES else _python)(target / name, name):
            done.touch()
        else:
            failed += 1
            print(f"{name} could not be installed: what needs it says skipped")
    return 1 if failed else 0


def _python(place: Path, name: str) -> bool:
    python = place / "bin" / "python"
    venv.create(place, with_pip=True, clear=True)
    uv = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", str(python)]
    pip = [str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    return any(subprocess.run([*tool, *PACKAGES[name]]).returncode == 0 for tool in (uv, pip))


def _node(place: Path, name: str) -> bool:
    npm = shutil.which("npm")
    if npm is None:
        print(f"{name} needs npm (apt-get install npm)")
        return False
    place.mkdir(parents=True, exist_ok=True)
    quiet = ["--no-audit", "--no-fund", "--silent"]
    told = [npm, "install", *quiet, "--prefix", str(place), *NODE_PACKAGES[name]]
    return subprocess.run(told).returncode == 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
