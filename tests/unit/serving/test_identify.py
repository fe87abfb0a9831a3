"""Who calls: keys hashed, closed by default; facets from header, pointer, regex, default."""

from __future__ import annotations

from pathlib import Path

import pytest

from roadworthy.domain import AccessError, EvidenceError, FacetSource, UsageError
from roadworthy.serving import (
    FacetReader,
    TenantFile,
    TenantKey,
    Tenants,
    editing,
    hash_key,
    load_tenants,
    new_key,
)

NOW = "2026-11-21T20:00:00.000000Z"


def tenants(**changes: str) -> tuple[str, Tenants]:
    key = new_key()
    entry = TenantKey(tenant="acme", created="2026-01-01T00:00:00.000000Z", **changes)
    return key, Tenants(TenantFile(keys={hash_key(key): entry}))


def test_a_valid_key_names_its_tenant() -> None:
    key, all_keys = tenants()
    assert all_keys.identify(f"Bearer {key}", lambda: NOW).key.tenant == "acme"
    assert all_keys.identify(f"bearer {key}", lambda: NOW).key.tenant == "acme"


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic abc", "rw-abc", "Bearer rw-x"])
def test_any_other_header_is_refused(header: str) -> None:
    _, all_keys = tenants()
    with pytest.raises(AccessError):
        all_keys.identify(header, lambda: NOW)


def test_a_workspace_without_a_key_refuses_everybody_and_says_how_to_make_one() -> None:
    with pytest.raises(AccessError) as caught:
        Tenants(TenantFile()).identify(f"Bearer {new_key()}", lambda: NOW)
    assert "roadworthy keys tenant add" in caught.value.fix


@pytest.mark.parametrize("changes", [{"revoked": NOW}, {"expires": NOW}])
def test_an_expired_or_revoked_key_is_refused_from_that_instant_on(changes: dict[str, str]) -> None:
    key, all_keys = tenants(**changes)
    assert all_keys.identify(f"Bearer {key}", lambda: "2026-11-21T19:59:59.999999Z")
    with pytest.raises(AccessError):
        all_keys.identify(f"Bearer {key}", lambda: NOW)
    caller = all_keys.identify(f"Bearer {key}", lambda: "2026-11-21T19:59:59.999999Z")
    with pytest.raises(AccessError):
        all_keys.again(caller, lambda: NOW)


def test_a_caller_whose_key_is_gone_or_changed_meanwhile_is_looked_at_anew() -> None:
    key, before = tenants()
    caller = before.identify(f"Bearer {key}", lambda: NOW)
    assert before.again(caller, lambda: NOW) == caller
    with pytest.raises(AccessError):
        Tenants(TenantFile()).again(caller, lambda: NOW)
    moved = TenantKey(tenant="other", created="2026-01-01T00:00:00.000000Z")
    after = Tenants(TenantFile(keys={hash_key(key): moved}))
    assert after.again(caller, lambda: NOW).key.tenant == "other"
    revoked = Tenants(TenantFile(keys={hash_key(key): TenantKey(
        tenant="acme", created="2026-01-01T00:00:00.000000Z", revoked=NOW)}))  # fmt: skip
    with pytest.raises(AccessError, match="revoked"):
        revoked.again(caller, lambda: NOW)


def test_the_file_gives_no_key_away(tmp_path: Path) -> None:
    key = new_key()
    path = tmp_path / "serving" / "tenants.json"
    with editing(path, tmp_path / "serving" / "lock") as keys:
        keys[hash_key(key)] = TenantKey(tenant="acme", created=NOW)
    assert key not in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_tenants(path).keys[hash_key(key)].tenant == "acme"


def test_a_broken_tenants_file_is_an_error_not_an_empty_one(tmp_path: Path) -> None:
    path = tmp_path / "tenants.json"
    path.write_text("{")
    with pytest.raises(EvidenceError):
        load_tenants(path)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (FacetSource(header="X-Tenant-Region"), "EU"),
        (FacetSource(pointer="/metadata/supplier"), "S-9"),
        (FacetSource(pointer="/metadata/deep/0/a~1b"), "7"),
        (FacetSource(pointer="/metadata/flag"), "true"),
        (FacetSource(regex=r"claim (\d+)"), "42"),
        (FacetSource(regex=r"cl[a-z]+m"), "claim"),
        (FacetSource(header="x-missing", default="none"), "none"),
        (FacetSource(pointer="/metadata/nowhere/else"), None),
        (FacetSource(pointer="/metadata"), None),
    ],
)
def test_a_facet_is_read_where_it_is_declared(source: FacetSource, expected: str | None) -> None:
    reader = FacetReader({"f": source})
    body = {"metadata": {"supplier": "S-9", "deep": [{"a/b": 7}], "flag": True}}
    values = reader.read({b"x-tenant-region": b"EU"}, body, "my claim 42")
    assert values.get("f") == expected


def test_a_facet_regex_that_is_not_re2_is_refused() -> None:
    with pytest.raises(ValueError, match="not RE2"):
        FacetReader({"f": FacetSource(regex=r"(a)\1")})


def test_a_facet_in_a_header_is_read_as_utf_8_and_else_byte_by_byte() -> None:
    reader = FacetReader({"city": FacetSource(header="x-city")})
    assert reader.read({b"x-city": "Köln".encode()}, {}, "") == {"city": "Köln"}
    assert reader.read({b"x-city": "Köln".encode("latin-1")}, {}, "") == {"city": "Köln"}
    assert reader.read({b"x-city": "d\u0435".encode()}, {}, "") == {"city": "d\u0435"}


def test_a_facet_too_long_to_be_a_name_is_refused_not_cut() -> None:
    reader = FacetReader({"language": FacetSource(header="x-language")})
    with pytest.raises(UsageError, match="language"):
        reader.read({b"x-language": b"en" * 100 + b",de"}, {}, "")
    assert reader.read({b"x-language": b"en" * 100}, {}, "") == {"language": "en" * 100}
