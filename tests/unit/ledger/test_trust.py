"""Who may do what: keys are ended, never removed; roles are checked at an instant."""

from __future__ import annotations

import pytest

from doubles.ledgers import START, a_signer, a_trust, later
from roadworthy.domain import AccessError, Trust, UndecidedError, UsageError
from roadworthy.ledger import (
    add_key,
    distinct_people,
    live_key,
    require_key,
    require_role,
    revoke,
    rotate,
    trust_machine,
)

MACHINE, ADA, BEN, NEW = (a_signer(number).key_id for number in (1, 2, 3, 4))


def test_a_name_has_one_valid_key() -> None:
    with pytest.raises(UsageError, match="ada has a key already"):
        add_key(a_trust(), name="ada", public_key=a_signer(4).public_key, roles=[], at=later(1))
    with pytest.raises(UsageError, match="in the trust file already"):
        add_key(a_trust(), name="eve", public_key=a_signer(2).public_key, roles=[], at=later(1))


def test_a_role_is_held_by_a_valid_key_of_a_person() -> None:
    trust = a_trust()
    assert require_role(trust, ADA, ["admin"], later(1)).name == "ada"
    with pytest.raises(AccessError, match="ben is reviewer; this needs admin or operator"):
        require_role(trust, BEN, ["admin", "operator"], later(1))
    with pytest.raises(AccessError, match="a machine"):
        require_role(trust, MACHINE, ["admin"], later(1))
    with pytest.raises(UndecidedError, match="not in the trust file"):
        require_role(trust, NEW, ["admin"], later(1))


def test_no_role_asked_for_means_nobody_may() -> None:
    with pytest.raises(AccessError, match="a role that nobody has"):
        require_role(a_trust(), ADA, [], later(1))


def test_a_key_is_not_valid_before_its_time() -> None:
    with pytest.raises(AccessError, match="was not valid at"):
        require_key(a_trust(), ADA, later(-1))
    assert require_key(a_trust(), ADA, START)


def test_revocation_ends_every_key_of_a_person() -> None:
    trust = rotate(a_trust(), "ada", public_key=a_signer(4).public_key, at=later(10))
    trust = revoke(trust, "ada", at=later(20))
    assert [key.revoked_at for key in trust.keys if key.name == "ada"] == [later(20)] * 2
    assert require_key(trust, NEW, later(19))
    with pytest.raises(AccessError):
        require_key(trust, NEW, later(20))
    with pytest.raises(UsageError, match="no key of ada is left"):
        revoke(trust, "ada", at=later(30))
    with pytest.raises(UsageError, match="no key of eve"):
        revoke(trust, "eve", at=later(30))


def test_one_key_is_revoked_by_its_id() -> None:
    trust = rotate(a_trust(), "ada", public_key=a_signer(4).public_key, at=later(10))
    trust = revoke(trust, ADA, at=later(20))
    assert live_key(trust, "ada", later(30)).key_id == NEW


def test_rotation_hands_the_roles_on_without_a_gap() -> None:
    trust = rotate(a_trust(), "ada", public_key=a_signer(4).public_key, at=later(10))
    old, new = trust.find(ADA), trust.find(NEW)
    assert (old.valid_until, old.replaced_by) == (later(10), NEW)
    assert (new.valid_from, new.roles) == (later(10), old.roles)
    for seconds, key_id in ((9.999999, ADA), (10, NEW)):
        assert live_key(trust, "ada", later(seconds)).key_id == key_id
    with pytest.raises(UsageError, match="eve has no valid key"):
        rotate(trust, "eve", public_key=a_signer(5).public_key, at=later(11))


def test_two_keys_of_one_person_are_one_person() -> None:
    trust = rotate(a_trust(), "ada", public_key=a_signer(4).public_key, at=later(10))
    assert distinct_people(trust, [ADA, NEW]) == {"ada"}
    assert distinct_people(trust, [ADA, BEN]) == {"ada", "ben"}


def test_the_author_is_not_counted_whatever_key_is_used() -> None:
    trust = rotate(a_trust(), "ada", public_key=a_signer(4).public_key, at=later(10))
    assert distinct_people(trust, [NEW, BEN], author=ADA) == {"ben"}
    assert distinct_people(trust, [NEW, BEN], author="ada") == {"ben"}


def test_unknown_keys_and_machines_are_nobody() -> None:
    assert distinct_people(a_trust(), [MACHINE, "0" * 16]) == set()


def test_the_machine_is_trusted_once_and_a_second_is_told_apart() -> None:
    trust = trust_machine(Trust(), a_signer(1).public_key, at=START)
    assert trust_machine(trust, a_signer(1).public_key, at=later(1)) is trust
    two = trust_machine(trust, a_signer(2).public_key, at=later(1))
    assert [key.name for key in two.keys] == ["machine", f"machine-{ADA[:8]}"]
    assert {key.kind for key in two.keys} == {"machine"}
