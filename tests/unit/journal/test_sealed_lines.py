"""Lines that are sealed one by one: bound to their place, torn ends cut, subjects erased apart."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import structs

from roadworthy.domain import VerificationError
from roadworthy.journal import LineWriter, Vault, seal_line, sealed_lines, text_of

AT = "2026-11-22T10:00:00.000000Z"


def vault_in(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "keys", b"m" * 32)


def written(path: Path, vault: Vault, *said: tuple[int, str, str], name: str = "file-1") -> None:
    writer = LineWriter(path)
    for number, text, subject in said:
        writer.add(seal_line(number, text, vault, name=name, tenant="acme", at=AT, subject=subject))
    writer.close()


def read(path: Path, vault: Vault, name: str = "file-1") -> list[tuple[int, str | None]]:
    return [(line.number, text_of(line, name=name, vault=vault)) for line in sealed_lines(path)]


def test_lines_come_back_in_their_order_and_nothing_is_in_the_clear(tmp_path: Path) -> None:
    vault, path = vault_in(tmp_path), tmp_path / "a.lines"
    written(path, vault, (1, "hello there\n", ""), (7, "", "eu-1"), (3, "x" * 400_000, ""))
    assert read(path, vault) == [(1, "hello there\n"), (7, ""), (3, "x" * 400_000)]
    assert read(path, vault_in(tmp_path))[0] == (1, "hello there\n")
    assert b"hello" not in path.read_bytes() and path.stat().st_mode & 0o77 == 0


@pytest.mark.parametrize("cut", [1, 11, 12, 40, 70])
def test_a_torn_end_is_no_line_and_the_next_writer_cuts_it_off(tmp_path: Path, cut: int) -> None:
    vault, path = vault_in(tmp_path), tmp_path / "a.lines"
    written(path, vault, (1, "one", ""))
    whole = path.stat().st_size
    written(path, vault, (2, "two", ""))
    path.write_bytes(path.read_bytes()[: whole + cut])
    assert read(path, vault) == [(1, "one")]
    written(path, vault, (3, "three", ""))
    assert read(path, vault) == [(1, "one"), (3, "three")]


def test_what_a_lost_supply_of_power_left_is_cut_off_too(tmp_path: Path) -> None:
    vault, path = vault_in(tmp_path), tmp_path / "a.lines"
    written(path, vault, (1, "one", ""))
    path.write_bytes(path.read_bytes() + b"\0" * 500)
    with pytest.raises(VerificationError, match="checksum"):
        read(path, vault)
    written(path, vault, (2, "two", ""))
    assert read(path, vault) == [(1, "one"), (2, "two")]


def test_a_line_is_read_neither_as_another_nor_in_another_file(tmp_path: Path) -> None:
    vault, path = vault_in(tmp_path), tmp_path / "a.lines"
    written(path, vault, (1, "one", ""))
    with pytest.raises(VerificationError):
        read(path, vault, name="file-2")
    moved = structs.replace(next(sealed_lines(path)), number=2)
    with pytest.raises(VerificationError):
        text_of(moved, name="file-1", vault=vault)


def test_erasing_a_subject_leaves_the_lines_of_the_others(tmp_path: Path) -> None:
    vault, path = vault_in(tmp_path), tmp_path / "a.lines"
    written(path, vault, (1, "of one", "eu-1"), (2, "of two", "eu-2"), (3, "of nobody", ""))
    vault.erase(tenant="acme", subject="eu-1")
    assert read(path, vault) == [(1, None), (2, "of two"), (3, "of nobody")]
    vault.erase(tenant="acme")
    assert [text for _, text in read(path, vault)] == [None, None, None]
