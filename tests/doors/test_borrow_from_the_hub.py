"""`roadworthy suite borrow SET hf:…`: one pinned file, its licence, and every way that is none."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from doubles.desk import Desk
from doubles.fake_hub import COMMIT, REPO, FakeHub, running
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.domain import EvidenceError, UsageError
from roadworthy.evaluation.outside import HubLimits, fetch
from roadworthy.manifests import check_system, load_system

ROWS = b"".join(
    json.dumps({"question": f"What is {n} + 1?", "answer": f"It is\n#### {n + 1}"}).encode() + b"\n"
    for n in range(6)
)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.delenv("ROADWORTHY_HOME", raising=False)
    return Desk(tmp_path / "desk")


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    for name in ("HF_TOKEN", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    with running(FakeHub()) as found:
        found.files["main/test.jsonl"] = ROWS
        monkeypatch.setenv("HF_ENDPOINT", found.url)
        yield found


def borrow(capsys: pytest.CaptureFixture[str], desk: Desk, *arguments: object) -> tuple[int, dict]:
    words = ["suite", "borrow", *map(str, arguments), "--dir", str(desk.root), "--json"]
    code = run(VERBS, words)
    return code, json.loads(capsys.readouterr().out)


def test_a_set_is_borrowed_by_its_name_and_pinned_by_its_commit(desk, hub, capsys):
    code, told = borrow(capsys, desk, "gsm8k", f"hf:{REPO}")
    assert code == 0, told
    address = f"hf://datasets/{REPO}@{COMMIT}/main/test.jsonl"
    assert told["hub"] == address
    assert told["digest"] == f"sha256:{hashlib.sha256(ROWS).hexdigest()}"
    assert (told["cases"], told["licence"]) == (6, "cc-by-4.0")
    assert [f for f in check_system(desk.root) if f.severity == "error"] == []
    suite = load_system(desk.root).suite("gsm8k")
    assert suite is not None
    assert {case.origin["hub"] for case in suite.cases} == {address}
    assert {case.origin["licence"] for case in suite.cases} == {"cc-by-4.0"}
    assert COMMIT in suite.file.description
    again, _ = borrow(capsys, desk, "gsm8k", address, "--out", "again")
    assert again == 0


def test_of_several_files_one_must_be_named(desk, hub, capsys):
    hub.files["main/train.jsonl"] = ROWS
    hub.files["README.md"] = b"x"
    code, told = borrow(capsys, desk, "gsm8k", f"hf:{REPO}")
    assert code == 1
    assert "main/test.jsonl, main/train.jsonl" in told["fix"]
    assert COMMIT in told["fix"]
    assert "README" not in told["fix"]
    code, told = borrow(capsys, desk, "gsm8k", f"hf:{REPO}/main/train.jsonl")
    assert code == 0, told


def test_a_card_that_says_no_licence_leaves_it_to_the_person(desk, hub, capsys):
    for card in (None, {}, {"license": "other"}, {"license": ["unknown"]}):
        hub.card = card
        code, told = borrow(capsys, desk, "dataset", f"hf:{REPO}")
        assert code == 1, card
        assert "licence" in told["error"]
    code, told = borrow(capsys, desk, "dataset", f"hf:{REPO}", "--licence", "MIT")
    assert (code, told["licence"]) == (0, "MIT")


def test_without_a_network_it_says_what_to_do(desk, capsys, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    code, told = borrow(capsys, desk, "gsm8k", f"hf:{REPO}")
    assert code == 2
    assert "cannot be reached" in told["error"]
    assert "suite borrow SET FILE" in told["fix"]
    assert not (desk.root / "suites" / "gsm8k.yaml").exists()


def test_where_the_hub_is_switched_off_nothing_is_asked(desk, hub, capsys, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    code, told = borrow(capsys, desk, "gsm8k", f"hf:{REPO}")
    assert code == 1
    assert "HF_HUB_OFFLINE" in told["error"]
    assert hub.asked == []


@pytest.mark.parametrize(("status", "code"), [(401, 1), (403, 1), (404, 1), (429, 2), (500, 2)])
def test_what_the_hub_does_not_give_is_said(desk, hub, capsys, status, code):
    hub.status = status
    found, told = borrow(capsys, desk, "gsm8k", f"hf:{REPO}")
    assert found == code
    assert "Hugging Face Hub" in told["error"]


@pytest.mark.parametrize(
    "text",
    ["hf:letters", "hf:ada/letters/../../etc/x.jsonl", "hf:a b/c", "hf:ada/letters@/x.jsonl",
     "hf:ada/letters@main/\\x.jsonl", "hf://models/ada/letters/x.jsonl", "hf:/ada/letters"],
)  # fmt: skip
def test_what_is_no_address_is_refused_before_anything_is_asked(hub, tmp_path, text):
    with pytest.raises(UsageError):
        fetch(text, tmp_path)
    assert hub.asked == []


def test_another_file_than_the_hub_tells_of_is_refused(hub, tmp_path):
    hub.given["main/test.jsonl"] = ROWS.replace(b"What", b"Whot")
    with pytest.raises(EvidenceError, match="SHA-256"):
        fetch(f"hf:{REPO}", tmp_path)
    hub.given["main/test.jsonl"] = ROWS[:-9]
    with pytest.raises(EvidenceError, match="bytes, not"):
        fetch(f"hf:{REPO}", tmp_path)


def test_a_file_that_is_cut_off_is_refused(hub, tmp_path):
    hub.cut = 5
    with pytest.raises(EvidenceError):
        fetch(f"hf:{REPO}", tmp_path)


def test_a_hub_that_falls_silent_is_left(hub, tmp_path):
    hub.silent.set()
    try:
        with pytest.raises(EvidenceError, match="was cut off"):
            fetch(f"hf:{REPO}", tmp_path, HubLimits(quiet_s=0.2))
    finally:
        hub.silent.clear()


def test_a_file_that_is_too_large_is_refused_before_and_while_it_comes(hub, tmp_path):
    with pytest.raises(UsageError, match="MiB"):
        fetch(f"hf:{REPO}", tmp_path, HubLimits(file=10))
    hub.sizes["main/test.jsonl"] = 5
    with pytest.raises(UsageError, match="MiB"):
        fetch(f"hf:{REPO}", tmp_path, HubLimits(file=10))


def test_a_branch_where_a_commit_belongs_is_refused(hub, tmp_path):
    hub.sha = "main"
    with pytest.raises(EvidenceError, match="names no commit"):
        fetch(f"hf:{REPO}", tmp_path)


def test_another_commit_than_was_asked_for_is_refused(hub, tmp_path):
    with pytest.raises(EvidenceError, match="asked for commit"):
        fetch(f"hf:{REPO}@{'f' * 40}", tmp_path)


def test_a_hub_that_says_nonsense_is_refused(hub, tmp_path, monkeypatch):
    monkeypatch.setattr(hub, "about", lambda: b"[" * 5000)
    with pytest.raises(EvidenceError, match="cannot be read"):
        fetch(f"hf:{REPO}", tmp_path)


def test_the_token_goes_to_the_hub_and_to_no_store_of_files(hub, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    store = FakeHub()
    store.files["main/test.jsonl"] = ROWS
    with running(store):
        there = f"/resolve/{COMMIT}/main/test.jsonl"
        hub.redirect = store.url.replace("127.0.0.1", "localhost") + "/store" + there
        assert fetch(f"hf:{REPO}", tmp_path).path.read_bytes() == ROWS
    assert {key for _, key in hub.asked} == {"Bearer hf_secret"}
    assert [key for _, key in store.asked] == [""]


def test_nothing_is_fetched_in_the_clear(hub, tmp_path, monkeypatch):
    hub.redirect = "http://files.example/x"
    with pytest.raises(EvidenceError, match="not HTTPS"):
        fetch(f"hf:{REPO}", tmp_path)
    hub.redirect = "file:///etc/passwd"
    with pytest.raises(EvidenceError):
        fetch(f"hf:{REPO}", tmp_path)
    monkeypatch.setenv("HF_ENDPOINT", "http://mirror.example")
    with pytest.raises(EvidenceError, match="not HTTPS"):
        fetch(f"hf:{REPO}", tmp_path)
