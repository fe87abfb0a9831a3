"""A release that another workspace judged: what people say of its models here counts, too."""

from __future__ import annotations

from pathlib import Path

import pytest

from doubles.registered import RegisteredDesk
from doubles.release_desk import ReleaseDesk
from roadworthy.domain import Draft, RefusedError
from roadworthy.flows.releasing.approved_models import live_models
from roadworthy.flows.workspace.people import add_machine, add_person


@pytest.fixture
def desk(tmp_path: Path) -> RegisteredDesk:
    """Where it is judged and signed."""
    return RegisteredDesk(tmp_path / "desk")


@pytest.fixture
def branch(desk: RegisteredDesk, tmp_path: Path) -> RegisteredDesk:
    """A workspace that trusts the keys of the desk, with people of its own."""
    made = RegisteredDesk(tmp_path / "branch")
    made.office = ReleaseDesk(
        made.root / "kept",
        people={"ana": ["engineer"], "rosa": ["risk_officer"], "otto": ["operator"]},
    )
    made.clock = made.office.clock
    add_machine(made.loop(), public_key=desk.office.keyring.machine().public_key)
    for name, role in (("ben", "engineer"), ("ravi", "reviewer")):
        key = desk.office.key(name).public_key
        add_person(made.loop(), name=name, roles=[role], public_key=key)  # type: ignore[list-item]
    for one in (desk, made):
        one.clock.advance(60)
    return made


async def _released(desk: RegisteredDesk, out: Path) -> Path:
    await desk.inspect()
    desk.build(out, "ben")
    desk.sign(out)
    return out


async def test_a_release_whose_models_nobody_looked_at_is_refused_where_the_class_asks(
    desk: RegisteredDesk, branch: RegisteredDesk, tmp_path: Path
) -> None:
    """Fails closed: what the other gate did not ask is not approved."""
    out = await _released(desk, tmp_path / "b.tar")
    loop = branch.loop()
    loop.ledger.record(
        Draft(system="desk", kind="system.classified", subject="s", actor=loop.machine,
              payload={"class": "high"})
    )  # fmt: skip
    with pytest.raises(RefusedError, match="high risk asks approved models only") as refused:
        branch.activate(out)
    assert "roadworthy gate" in refused.value.fix


async def test_a_release_whose_models_nobody_looked_at_goes_live_where_nobody_asks(
    desk: RegisteredDesk, branch: RegisteredDesk, tmp_path: Path
) -> None:
    branch.activate(await _released(desk, tmp_path / "b.tar"))


async def test_models_that_were_approved_where_it_was_judged_count_where_nobody_keeps_a_registry(
    desk: RegisteredDesk, branch: RegisteredDesk, tmp_path: Path
) -> None:
    desk.charter("models: approved_only\n")
    desk.register(desk.describe())
    desk.approve("words")
    branch.activate(await _released(desk, tmp_path / "b.tar"))


async def test_a_registry_here_is_asked_for_a_release_that_was_judged_elsewhere(
    desk: RegisteredDesk, branch: RegisteredDesk, tmp_path: Path
) -> None:
    """Proposed, then deprecated: neither goes live; approved here, it does and goes on."""
    desk.register(desk.describe())
    desk.approve("words")
    out = await _released(desk, tmp_path / "b.tar")
    branch.register(branch.describe())
    with pytest.raises(RefusedError, match="nobody approved words@1") as refused:
        branch.activate(out)
    assert refused.value.fix.startswith("roadworthy model approve words@1")
    branch.deprecate("words", by="ana")
    with pytest.raises(RefusedError, match="deprecated it: It is old"):
        branch.activate(out)
    branch.approve("words", again=True)
    branch.activate(out)
    assert [one.state for one in live_models(branch.loop())["desk"].standings] == ["approved"]
    branch.deprecate("words", by="ana")
    branch.activate(out)
    assert [one.state for one in live_models(branch.loop())["desk"].standings] == ["deprecated"]
