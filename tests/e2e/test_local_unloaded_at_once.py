"""A local model that is unloaded as soon as it is loaded: nobody waits for it for ever."""

from __future__ import annotations

import asyncio
import subprocess
import sys

LOADED_AND_LEFT = """
import asyncio
from roadworthy.domain import Deployment, Model
from roadworthy.providers import make_provider
from roadworthy.wiring.clock import SystemClock

async def main():
    for _ in range(5):
        model = Model(provider="local", name="gemma-3-270m")
        provider = make_provider(
            model, deployment=Deployment(), root=".", assets={}, clock=SystemClock()
        )
        await provider.warm()
        await provider.aclose()
    print("left")

asyncio.run(main())
"""


async def test_a_model_that_is_unloaded_at_once_ends() -> None:
    """Before its queue runs, unloading it waited for ever: one start in three."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", LOADED_AND_LEFT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        said, errors = await asyncio.wait_for(process.communicate(), 150)
    finally:
        if process.returncode is None:
            process.kill()
    assert said.decode().strip() == "left", errors.decode()
