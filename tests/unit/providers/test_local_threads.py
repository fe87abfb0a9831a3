"""How many threads a local model takes where its candidate names none."""

from __future__ import annotations

import pytest

from roadworthy.providers.local_server import THREADS_VARIABLE, _threads_wished


@pytest.mark.parametrize(("said", "wished"), [("3", 3), ("", 0), ("many", 0), ("-1", 0)])
def test_the_environment_is_heard_where_it_makes_sense(
    monkeypatch: pytest.MonkeyPatch, said: str, wished: int
) -> None:
    monkeypatch.setenv(THREADS_VARIABLE, said)
    assert _threads_wished() == wished
