"""trust.yaml: read whole or refused with the line; never half understood."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import pytest

from roadworthy_verify import TrustError, load_trust

RAW = bytes(range(32))
PUBLIC = base64.b64encode(RAW).decode()
KEY_ID = hashlib.sha256(RAW).hexdigest()[:16]
SINCE = "2026-11-21T20:00:00.000000Z"
HEAD = f"""\
roadworthy: 1
keys:
- key_id: {KEY_ID}
  name: ada
  public_key: {PUBLIC}
"""
WHOLE = HEAD + f"  valid_from: '{SINCE}'\n"


def read(tmp_path: Path, text: str):
    path = tmp_path / "trust.yaml"
    path.write_text(text, "utf-8")
    return load_trust(path)


@pytest.mark.parametrize(
    "text",
    [
        WHOLE,
        "# a comment\n---\n" + WHOLE + "  # another\n",
        WHOLE.replace("ada", '"ada"  # who'),
        WHOLE.replace(f"'{SINCE}'", f'"{SINCE}"'),
        WHOLE.replace("\n- ", "\n  - ").replace("\n  name", "\n    name")
        .replace("\n  public", "\n    public").replace("\n  valid", "\n    valid"),
        json.dumps(
            {"keys": [{"key_id": KEY_ID, "name": "ada", "public_key": PUBLIC, "valid_from": SINCE}]}
        ),
    ],
)  # fmt: skip
def test_the_ways_to_write_it_are_read_alike(tmp_path: Path, text: str) -> None:
    key = read(tmp_path, text).find(KEY_ID)
    assert key is not None
    assert (key.name, key.public_key, key.valid_from, key.roles) == ("ada", RAW, SINCE, ())


@pytest.mark.parametrize(
    "roles", ["[engineer, admin]", "\n  - engineer\n  - admin", "\n    - engineer\n    - admin"]
)
def test_roles_are_a_list_on_one_line_or_several(tmp_path: Path, roles: str) -> None:
    key = read(tmp_path, WHOLE + f"  roles: {roles}\n").find(KEY_ID)
    assert key is not None
    assert key.roles == ("engineer", "admin")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (WHOLE + "  revoked: yes\n", "unknown field 'revoked'"),
        (WHOLE + "  revoked_at: yesterday\n", "`revoked_at` is 'yesterday'"),
        (WHOLE + "  revoked_at: >\n    2026\n", "cannot read '>'"),
        (WHOLE + "  revoked_at: &a x\n", "cannot read '&a x'"),
        (WHOLE + "  revoked_at: 'x\n", "cannot read"),
        (WHOLE + "  name: eve\n", "'name' twice"),
        (WHOLE + "\textra: 1\n", "a tab"),
        (WHOLE + "other: 1\n", "unknown key 'other'"),
        (WHOLE + "nonsense\n", "expected `name: value`"),
        (WHOLE + WHOLE, "unexpected"),
        (WHOLE.replace("roadworthy: 1", "roadworthy: 2"), "newer than this verifier"),
        (WHOLE.replace(KEY_ID, "0" * 16), "is not the id of its public key"),
        (WHOLE.replace(PUBLIC, "!!!"), "cannot read '!!!'"),
        (WHOLE.replace(PUBLIC, "AAA"), "not base64"),
        (HEAD, "`valid_from` is missing"),
        (WHOLE + WHOLE.partition("keys:\n")[2], "is listed twice"),
        (WHOLE + "  roles: engineer\n", "`roles` must be a list"),
        (WHOLE + "  roles: [engineer,\n    admin]\n", "a list must end on its line"),
        ("{", "Expecting property name"),
        ("keys: 3\n", "`keys` must be a list"),
        ('{"keys": [], "keys": []}', "'keys' stands in it twice"),
        ('{"keys": ' + "[" * 100_000, "nested too deeply"),
        ('{"roadworthy": ' + "9" * 5000 + "}", "Exceeds the limit"),
        ('{"roadworthy": NaN}', "NaN is no number"),
    ],
)
def test_what_is_not_understood_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(TrustError, match=message.replace("(", r"\(").replace("|", r"\|")):
        read(tmp_path, text)


def test_a_missing_file_is_an_error_and_nothing_is_nobody(tmp_path: Path) -> None:
    with pytest.raises(TrustError, match="cannot be read"):
        load_trust(tmp_path / "trust.yaml")
    assert load_trust(None).find(KEY_ID) is None
    assert read(tmp_path, "").find(KEY_ID) is None


def test_validity_is_half_open(tmp_path: Path) -> None:
    until, revoked = "2026-11-22T20:00:00.000000Z", "2026-11-22T08:00:00.000000Z"
    key = read(tmp_path, WHOLE + f"  valid_until: '{until}'\n").find(KEY_ID)
    assert key is not None
    assert key.invalid_because(SINCE) == ""
    assert "valid only from" in key.invalid_because("2026-11-21T19:59:59.999999Z")
    assert "valid until" in key.invalid_because(until)
    ended = read(tmp_path, WHOLE + f"  revoked_at: '{revoked}'\n").find(KEY_ID)
    assert ended is not None
    assert "was revoked" in ended.invalid_because(revoked)
