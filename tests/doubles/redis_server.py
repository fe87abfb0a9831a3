"""A real redis-server of this machine, started and stopped by a test."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from doubles.running_gateway import free_port

INSTALL = "apt-get install -y redis-server"
READY_S = 20.0

needs_redis = pytest.mark.skipif(
    shutil.which("redis-server") is None, reason=f"redis-server is missing: {INSTALL}"
)


class RedisServer:
    """Runs from entering to leaving. It keeps nothing on the disk, so a new start is empty."""

    def __init__(self, folder: Path, *options: str, tls: Path | None = None) -> None:
        self._folder = folder
        self._options = options
        self._tls = tls
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"{'rediss' if self._tls else 'redis'}://127.0.0.1:{self.port}/0"

    def __enter__(self) -> RedisServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        where = ["--port", str(self.port)]
        if self._tls is not None:
            pem = str(self._tls)
            where = ["--port", "0", "--tls-port", str(self.port), "--tls-auth-clients", "no"]
            where += ["--tls-cert-file", pem, "--tls-key-file", pem, "--tls-ca-cert-file", pem]
        self.process = subprocess.Popen(
            [
                *("redis-server", "--bind", "127.0.0.1", *where, "--dir", str(self._folder)),
                *("--save", "", "--appendonly", "no", *self._options),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if b"Ready to accept connections" in line:
                return
        raise AssertionError("redis-server did not start")

    def stop(self) -> None:
        process, self.process = self.process, None
        if process is not None:
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()

    def client(self, **more: Any) -> Any:
        """To look at it and to change it, as an operator would."""
        import redis

        return redis.Redis(port=self.port, decode_responses=True, **more)
