"""Every byte of a release's tar counts: in headers, in padding, behind the end."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from doubles.release_desk import ReleaseDesk
from roadworthy_verify import verify_bundle
from roadworthy_verify.container import BundleError, Container
from roadworthy_verify.contents import read_contents


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A release as a tar, and the trust under which it verifies."""
    folder = tmp_path_factory.mktemp("every-byte")
    desk = ReleaseDesk(folder / "home")
    desk.released(folder / "r.tar")
    return folder / "r.tar", desk.workspace.trust


def places(data: bytes) -> list[int]:
    """Two whole headers, what lies between members, and what lies behind the last."""
    found: list[int] = []
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        members = archive.getmembers()
    for member in (members[0], members[-1]):
        found += range(member.offset, member.offset_data)
    for member in members:
        end = member.offset_data + member.size
        found += range(end, end + (-end % 512))[::37]
    last = members[-1]
    behind = last.offset_data + last.size
    return [*found, *range(behind + (-behind % 512), len(data), 97), len(data) - 1]


def holds(path: Path) -> bool:
    try:
        read_contents(Container(path))
    except BundleError:
        return False
    return True


def test_no_bit_can_be_changed_unseen(release: tuple[Path, Path], tmp_path: Path) -> None:
    whole = release[0].read_bytes()
    spoiled = tmp_path / "s.tar"
    passed = []
    for number, place in enumerate(places(whole)):
        data = bytearray(whole)
        data[place] ^= 1 << number % 8
        spoiled.write_bytes(data)
        if holds(spoiled):
            passed.append(place)
    assert passed == []


def test_the_padding_of_a_checksum_counts(release: tuple[Path, Path], tmp_path: Path) -> None:
    """Readers of tar do not look at it: byte 155 of a header."""
    data = bytearray(release[0].read_bytes())
    data[155] ^= 0x20
    spoiled = tmp_path / "s.tar"
    spoiled.write_bytes(data)
    assert verify_bundle(release[0], release[1]).ok
    report = verify_bundle(spoiled, release[1])
    assert (report.state, report.exit_code) == ("tampered", 5)
    assert "not written in the one form" in report.fault


@pytest.mark.parametrize("more", [-1024, -512, -1, 1, 512, 10240])
def test_no_byte_behind_the_end_is_missing_or_more(
    release: tuple[Path, Path], tmp_path: Path, more: int
) -> None:
    whole = release[0].read_bytes()
    spoiled = tmp_path / "s.tar"
    spoiled.write_bytes(whole[:more] if more < 0 else whole + bytes(more))
    assert verify_bundle(spoiled, release[1]).exit_code == 5


def test_the_same_members_in_another_order_are_another_file(
    release: tuple[Path, Path], tmp_path: Path
) -> None:
    with tarfile.open(release[0]) as archive:
        members = [(m.name, archive.extractfile(m).read()) for m in archive]  # type: ignore[union-attr]
    with tarfile.open(tmp_path / "s.tar", "w", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in reversed(members):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    report = verify_bundle(tmp_path / "s.tar", release[1])
    assert report.state == "tampered"
    assert "does not stand in its place" in report.fault
