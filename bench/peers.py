"""Gateways of others for `bench/gateway.py --peers`: how each is had, configured and started.

What each is told is as near to ours as it can be: the same upstream, no retries, no logs, one
process. `rails` rows have its own rails on, and are shown to refuse before they are measured. None
of them writes a record before it answers; none has a switch for that.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OUTSIDE = ROOT / "build" / "outside"
KEY = "sk-roadworthy-bench-0123456789abcdef"
NUMBER = "My number is 078-05-1120."
"""What the rails of others must refuse, before they are measured: a social security number."""

SSN = r"\b\d{3}-\d{2}-\d{4}\b"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where one is put."""

    folder: Path
    upstream: str
    port: int


@dataclass(frozen=True, kw_only=True)
class Peer:
    """One of them, in one configuration."""

    name: str
    shown: str
    program: Callable[[], Path | None]
    """What must be there; None while it is not."""
    get: str
    """How it is had."""
    version: Callable[[], str]
    command: Callable[[Place], list[str]]
    """Writes its configuration; returns what starts it."""
    path: str = "/v1/chat/completions"
    headers: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, object] = field(default_factory=dict)
    """Fields beside `messages`."""
    rails: bool = False
    started_s: float = 120.0


def _python(environment: str, program: str) -> Callable[[], Path | None]:
    found = OUTSIDE / environment / "bin" / program
    return lambda: found if found.exists() else None


def _installed(environment: str, package: str) -> Callable[[], str]:
    def version() -> str:
        ask = f"from importlib.metadata import version; print(version({package!r}))"
        python = str(OUTSIDE / environment / "bin" / "python")
        return subprocess.run([python, "-c", ask], capture_output=True, text=True).stdout.strip()

    return version


MADE = "make peers"
MADE_BY_NPM = "make peers (which needs npm: apt-get install npm)"


# --- nginx: what a proxy costs that looks at nothing ---------------------------------------


def _nginx(place: Place) -> list[str]:
    folder = place.folder
    conf = folder / "proxy.conf"
    at = place.upstream.removeprefix("http://").partition("/")[0]
    conf.write_text(
        f"daemon off; worker_processes 1; pid {folder}/proxy.pid; error_log /dev/null;\n"
        "events { worker_connections 1024; }\n"
        "http { access_log off; keepalive_requests 100000000;\n"
        f"upstream mock {{ server {at}; keepalive 128; keepalive_requests 100000000; }}\n"
        f"server {{ listen 127.0.0.1:{place.port};\n"
        "location / { proxy_pass http://mock; proxy_http_version 1.1;\n"
        'proxy_set_header Connection ""; access_log off; } } }\n'
    )
    return ["nginx", "-p", str(folder), "-c", str(conf)]


def _which(program: str) -> Callable[[], Path | None]:
    def found() -> Path | None:
        where = shutil.which(program)
        return Path(where) if where else None

    return found


def _nginx_version() -> str:
    said = subprocess.run(["nginx", "-v"], capture_output=True, text=True).stderr
    return said.rpartition("/")[2].strip()


# --- Portkey -------------------------------------------------------------------------------

PORTKEY = OUTSIDE / "peer-portkey" / "node_modules" / "@portkey-ai" / "gateway"


def _portkey() -> Path | None:
    built = PORTKEY / "build" / "start-server.js"
    return built if shutil.which("node") and built.exists() else None


def _portkey_version() -> str:
    return str(json.loads((PORTKEY / "package.json").read_text())["version"])


def _portkey_command(place: Place) -> list[str]:
    server = PORTKEY / "build" / "start-server.js"
    return ["node", str(server), f"--port={place.port}", "--headless"]


def portkey_rails(upstream: str) -> str:
    """Its guardrails of a request, as a header says them."""
    checks = [{"default.regexMatch": {"rule": SSN, "not": True}, "deny": True}]
    words = [{"default.contains": {"operator": "none", "words": ["xyzzy"]}, "deny": True}]
    return json.dumps(
        {
            "provider": "openai", "custom_host": upstream, "api_key": "sk-x",
            "input_guardrails": checks, "output_guardrails": words,
        },
        separators=(",", ":"),
    )  # fmt: skip


# --- MLflow's gateway ----------------------------------------------------------------------


def _mlflow(place: Place) -> list[str]:
    conf = place.folder / "mlflow.yaml"
    conf.write_text(
        "endpoints:\n- name: chat\n  endpoint_type: llm/v1/chat\n  model:\n"
        "    provider: openai\n    name: mock\n    config:\n"
        f"      openai_api_key: sk-x\n      openai_api_base: {place.upstream}\n"
    )
    program = str(OUTSIDE / "peer-mlflow" / "bin" / "mlflow")
    where = ["--host", "127.0.0.1", "--port", str(place.port), "--workers", "1"]
    return [program, "gateway", "start", "--config-path", str(conf), *where]


# --- LiteLLM, tuned: with what its own hot path imports anew at each request where it lacks -


def _litellm(rails: bool) -> Callable[[Place], list[str]]:
    def command(place: Place) -> list[str]:
        conf = place.folder / "litellm.yaml"
        told: dict[str, object] = {
            "model_list": [
                {
                    "model_name": "mock",
                    "litellm_params": {
                        "model": "openai/mock", "api_base": place.upstream, "api_key": "sk-x",
                    },
                }
            ],
            "litellm_settings": {"num_retries": 0, "request_timeout": 30, "telemetry": False},
            "general_settings": {"master_key": KEY},
        }  # fmt: skip
        if rails:
            told["guardrails"] = [_content_filter()]
        conf.write_text(json.dumps(told))  # YAML too
        program = str(OUTSIDE / "peer-litellm" / "bin" / "litellm")
        where = ["--host", "127.0.0.1", "--port", str(place.port)]
        return [program, "--config", str(conf), *where]

    return command


def _content_filter() -> dict[str, object]:
    named = (("us_ssn", "BLOCK"), ("email", "MASK"), ("credit_card", "MASK"))
    patterns = [
        {"pattern_type": "prebuilt", "pattern_name": name, "action": action}
        for name, action in named
    ]
    words = [{"keyword": word, "action": "BLOCK"} for word in ("xyzzy", "plugh")]
    return {
        "guardrail_name": "filter",
        "litellm_params": {
            "guardrail": "litellm_content_filter", "mode": ["pre_call", "post_call"],
            "default_on": True, "patterns": patterns, "blocked_words": words,
        },
    }  # fmt: skip


# --- NeMo Guardrails -----------------------------------------------------------------------


def _nemo(place: Place) -> list[str]:
    conf = place.folder / "nemo" / "regexrails"
    conf.mkdir(parents=True, exist_ok=True)
    patterns = [SSN, "xyzzy", "plugh"]
    sides = {side: {"patterns": patterns} for side in ("input", "output")}
    main = {"type": "main", "engine": "openai", "model": "mock",
            "parameters": {"base_url": place.upstream, "api_key": "sk-x"}}  # fmt: skip
    told = {
        "models": [main],
        "rails": {
            "config": {"regex_detection": sides},
            "input": {"flows": ["regex check input"]},
            "output": {"flows": ["regex check output"]},
        },
    }
    (conf / "config.yml").write_text(json.dumps(told))
    program = str(OUTSIDE / "peer-nemo" / "bin" / "nemoguardrails")
    served = ["--config", str(conf.parent), "--default-config-id", "regexrails"]
    return [program, "server", "--port", str(place.port), *served, "--disable-chat-ui"]


_BEARER = {"authorization": f"Bearer {KEY}"}
_LITELLM = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR", "LITELLM_TELEMETRY": "False",
}  # fmt: skip
_NEMO = {"OPENAI_API_KEY": "sk-x", "NEMO_GUARDRAILS_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}
_PORTKEY = {"NODE_ENV": "production", "TRUSTED_CUSTOM_HOSTS": "127.0.0.1,localhost"}


def peers(upstream: str) -> list[Peer]:
    """All of them, in front of an upstream."""
    portkey = {"x-portkey-provider": "openai", "x-portkey-custom-host": upstream, **_BEARER}
    mock = {"model": "mock"}
    litellm = (
        _python("peer-litellm", "litellm"),
        MADE,
        _installed("peer-litellm", "litellm"),
    )
    nemo = (
        _python("peer-nemo", "nemoguardrails"),
        MADE,
        _installed("peer-nemo", "nemoguardrails"),
    )
    return [
        Peer(
            name="nginx", shown="nginx proxy_pass (looks at nothing)", program=_which("nginx"),
            get="apt-get install nginx", version=_nginx_version, command=_nginx, body=mock,
        ),
        Peer(
            name="mlflow", shown="MLflow gateway", program=_python("peer-mlflow", "mlflow"),
            get=MADE, version=_installed("peer-mlflow", "mlflow"), command=_mlflow,
            path="/gateway/chat/invocations",
        ),
        Peer(
            name="portkey", shown="Portkey", program=_portkey, get=MADE_BY_NPM,
            version=_portkey_version, command=_portkey_command, headers=portkey,
            environment=_PORTKEY, body=mock,
        ),
        Peer(
            name="portkey_rails", shown="Portkey, its regex and word checks on", program=_portkey,
            get=MADE_BY_NPM, version=_portkey_version, command=_portkey_command,
            environment=_PORTKEY, headers={"x-portkey-config": portkey_rails(upstream)},
            body=mock, rails=True,
        ),
        Peer(
            name="litellm", shown="LiteLLM tuned", program=litellm[0], get=litellm[1],
            version=litellm[2], command=_litellm(False), headers=_BEARER, environment=_LITELLM,
            body=mock,
        ),
        Peer(
            name="litellm_rails", shown="LiteLLM tuned, its content filter on",
            program=litellm[0], get=litellm[1], version=litellm[2], command=_litellm(True),
            headers=_BEARER, environment=_LITELLM, body=mock, rails=True,
        ),
        Peer(
            name="nemo_io", shown="NeMo Guardrails, regex rails, IORails engine", program=nemo[0],
            get=nemo[1], version=nemo[2], command=_nemo, body=mock, rails=True,
            environment=_NEMO | {"NEMO_GUARDRAILS_IORAILS_ENGINE": "1"},
        ),
        Peer(
            name="nemo", shown="NeMo Guardrails, regex rails, usual engine", program=nemo[0],
            get=nemo[1], version=nemo[2], command=_nemo, environment=_NEMO, body=mock, rails=True,
        ),
    ]  # fmt: skip


def environment_of(peer: Peer) -> dict[str, str]:
    """The environment that it starts in; bytecode may be written, as an installation has it."""
    without = ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PYTHONUNBUFFERED")
    kept = {name: value for name, value in os.environ.items() if name not in without}
    return kept | dict(peer.environment)
