"""Where limits are counted, as deployments say; and that nobody waits who need not."""

from __future__ import annotations

from pathlib import Path

import pytest

from doubles.running_gateway import free_port
from doubles.set_clock import SetClock
from roadworthy.domain import CountError, LimitSettings, ManifestError, UsageError
from roadworthy.manifests import Workspace
from roadworthy.serving import Quota, TenantLimits
from roadworthy.wiring.allowance import Allowance
from roadworthy.wiring.counting import Counting, books_of, counting_of, recount
from roadworthy.wiring.shared_books import SharedBooks

LIMITS = TenantLimits(tenant="acme", slot=0, requests_per_minute=2)


def a_folder(root: Path, name: str, toml: str) -> Path:
    folder = root / name
    folder.mkdir()
    (folder / "roadworthy.toml").write_text(toml)
    return folder


def allowance(workspace: Workspace, counting: Counting) -> Allowance:
    return Allowance(
        workspace, counting, SetClock(), worker="w1", tenants=lambda: None, fronts=dict
    )


def test_systems_that_are_served_together_are_counted_in_one_place(tmp_path: Path) -> None:
    one = a_folder(tmp_path, "one", '[limits]\nurl = "redis://a"\n')
    same = a_folder(tmp_path, "same", '[limits]\nurl = "redis://a"\n')
    other = a_folder(tmp_path, "other", "")
    assert counting_of([one, same]).settings.url == "redis://a"
    with pytest.raises(UsageError, match=r"say different \[limits\]"):
        counting_of([one, other])
    assert not counting_of([]).shared


def test_the_environment_names_the_store_and_no_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = a_folder(tmp_path, "one", "")
    monkeypatch.setenv("ROADWORTHY_LIMITS_URL", "rediss://store:6380/2")
    monkeypatch.setenv("ROADWORTHY_LIMITS_CREDENTIAL", "env:STORE_PASSWORD")
    monkeypatch.setenv("STORE_PASSWORD", "hunter2")
    counting = counting_of([folder])
    assert counting.shared and not counting.local
    link = counting.link()
    assert (link.peer, link.secret.reveal()) == ("store:6380", "hunter2")
    assert "hunter2" not in repr(link)
    for wrong in ("redis://:hunter2@store", "https://store", "redis://store/0?ssl_cert_reqs=none"):
        monkeypatch.setenv("ROADWORTHY_LIMITS_URL", wrong)
        with pytest.raises(UsageError) as error:
            counting_of([folder]).link()
        assert "hunter2" not in f"{error.value}{error.value.fix}"
    monkeypatch.setenv("ROADWORTHY_LIMITS_ON_UNREACHABLE", "open")
    with pytest.raises(ManifestError):
        counting_of([folder])


async def test_nobody_waits_where_the_machine_counts_for_itself(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    counting = Counting(settings=LimitSettings(), root=str(tmp_path))
    assert isinstance(books_of(workspace, counting), Quota)
    recount(workspace, SetClock(), counting)
    assert allowance(workspace, counting).admit(LIMITS) is None


async def test_a_store_that_cannot_be_reached_closes_or_is_stood_in_for(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    url = f"redis://127.0.0.1:{free_port()}/0"
    for then in ("closed", "local"):
        settings = LimitSettings(url=url, on_unreachable=then)  # type: ignore[arg-type]
        counting = Counting(settings=settings, root=str(tmp_path))
        assert isinstance(books_of(workspace, counting), SharedBooks)
        with pytest.raises(CountError):
            recount(workspace, SetClock(), counting)
        counts = allowance(workspace, counting)
        waited = counts.admit(LIMITS)
        assert waited is not None
        if then == "closed":
            with pytest.raises(CountError):
                await waited
        else:
            await waited
            assert await counts.half_left(LIMITS)
        assert counts.fault
        await counts.aclose()
