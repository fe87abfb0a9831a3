from __future__ import annotations

import os
from pathlib import Path

import pytest

from doubles.said import SAID
from doubles.systems import FILES, SLOS, write_system
from roadworthy.domain import ManifestError, UsageError, read_name, sha256
from roadworthy.manifests import check_system, load_system


def errors(root: Path) -> list[str]:
    return [fault.message for fault in check_system(root) if fault.severity == "error"]


def test_a_sound_system_loads_with_every_part(tmp_path: Path) -> None:
    write_system(
        tmp_path,
        {
            "waivers/W1.yaml": "id: W1\nslo: ood_recall_7d\nreason: seen, harmless\n"
            "author: Ada\napproved_by: Grace\nuntil: 2027-01-31\n",
            "playbooks/stop.md": "---\ntrigger: never_event_violations\n---\nCall Ada.\n",
            "pipeline.yaml": "steps:\n- {name: data}\n- {name: train, needs: [data]}\n",
            "deliberation-note.md": "---\ncandidate: sha256:0123456789ab\ndate: 2026-11-21\n"
            "participants:\n- {name: Ada, voice: product}\ndecision: ship\n---\n" + SAID,
        },
    )
    system = load_system(tmp_path)
    assert system.charter.system == "letters"
    assert system.prompt is not None
    assert system.prompt.examples == ({"input": "You are great", "output": "praise"},)
    assert [case.id for case in system.suites[0].cases] == ["m1", "m2", "m3", "m4"]
    assert system.waivers[0].approved_by == "Grace"
    assert system.playbooks[0].name == "stop"
    assert system.playbooks[0].body.strip() == "Call Ada."
    assert system.deliberation is not None
    assert system.pipeline is not None
    assert system.rollout is not None
    assert system.deployment.upstreams["lab"].credential == "env:LAB_KEY"


def test_the_published_objectives_load_unchanged(tmp_path: Path) -> None:
    system = load_system(write_system(tmp_path, {"safety-slos.yaml": SLOS}))
    read = {slo.name: read_name(slo) for slo in system.slos.slos}
    assert (read["ood_recall_7d"].metric, read["ood_recall_7d"].window) == ("ood_recall", 604_800)
    ece = read["decision_ece_p95_24h"]
    assert (ece.metric, ece.aggregation, ece.window) == ("decision_ece", "p95", 86_400)
    assert read["never_event_violations"].window is None


def test_files_that_change_behaviour_are_digested_and_others_are_not(tmp_path: Path) -> None:
    system = load_system(write_system(tmp_path))
    assert set(system.files) == {
        "charter.yaml",
        "candidate.yaml",
        "rails.yaml",
        "prompts/sort.md",
        "prompts/shots.jsonl",
    }
    assert system.files["rails.yaml"] == sha256(FILES["rails.yaml"].encode())


def test_side_files_become_assets(tmp_path: Path) -> None:
    system = load_system(
        write_system(
            tmp_path,
            {
                "rails.yaml": "rails:\n- id: words\n  detector: deny\n"
                "  options: {words: words.txt}\n- id: form\n  detector: schema\n"
                "  options: {schema: form.json}\n",
                "words.txt": "damn\n",
                "form.json": '{"type": "object"}',
            },
        )
    )
    assert system.assets == {"words.txt": "damn\n", "form.json": {"type": "object"}}
    assert {"words.txt", "form.json"} <= set(system.files)


def test_recordings_stay_a_path_but_are_digested(tmp_path: Path) -> None:
    candidate = FILES["candidate.yaml"].replace(
        "  provider: openai_compatible\n  name: small\n  upstream: lab\n",
        "  provider: recorded\n  name: small\n  file: recordings.jsonl\n",
    )
    system = load_system(
        write_system(tmp_path, {"candidate.yaml": candidate, "recordings.jsonl": "{}\n"})
    )
    assert system.assets == {}
    assert "recordings.jsonl" in system.files


def test_another_candidate_of_the_folder_can_be_meant(tmp_path: Path) -> None:
    write_system(tmp_path, {"weak.yaml": FILES["candidate.yaml"].replace("sorter", "weak")})
    assert load_system(tmp_path, candidate="weak.yaml").candidate.name == "weak"
    assert load_system(tmp_path, candidate=str(tmp_path / "weak.yaml")).candidate.name == "weak"


def test_a_candidate_outside_of_the_folder_is_refused(tmp_path: Path) -> None:
    inside = tmp_path / "system"
    inside.mkdir()
    write_system(inside)
    (tmp_path / "other.yaml").write_text("task: chat\n")
    with pytest.raises(UsageError, match="outside"):
        load_system(inside, candidate="../other.yaml")


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    inside = tmp_path / "system"
    inside.mkdir()
    write_system(inside, {"rails.yaml": None})
    (tmp_path / "rails.yaml").write_text("rails: []\n")
    (inside / "rails.yaml").symlink_to(tmp_path / "rails.yaml")
    assert any("outside" in message for message in errors(inside))


def test_no_folder_is_a_fault_like_every_other(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="no folder"):
        load_system(tmp_path / "nowhere")


def test_windows_line_ends_and_a_byte_order_mark_change_nothing(tmp_path: Path) -> None:
    write_system(tmp_path)
    for name in FILES:
        path = tmp_path / name
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert errors(tmp_path) == []
    assert len(load_system(tmp_path).suites[0].cases) == 4


def test_yaml_words_stay_text(tmp_path: Path) -> None:
    charter = FILES["charter.yaml"].replace("title: Letter desk", "title: no")
    assert load_system(write_system(tmp_path, {"charter.yaml": charter})).charter.title == "no"


def test_a_window_in_the_name_alone_counts(tmp_path: Path) -> None:
    slos = "slos:\n- {name: error_rate_24h, target: '<= 0.01'}\n"
    system = load_system(write_system(tmp_path, {"safety-slos.yaml": slos}))
    assert system.slos.slos[0].window == "24h"


def test_a_score_of_a_suite_is_an_indicator(tmp_path: Path) -> None:
    slos = "slos:\n- {name: politeness, target: '>= 0.9'}\n"
    suite = FILES["suites/main.yaml"] + (
        "- {scorer: contains, name: politeness, options: {none: [damn]}}\n"
    )
    write_system(tmp_path, {"safety-slos.yaml": slos, "suites/main.yaml": suite})
    assert errors(tmp_path) == []


def test_suites_include_filter_and_cut(tmp_path: Path) -> None:
    system = load_system(
        write_system(
            tmp_path,
            {
                "suites/all.yaml": "name: all\ninclude: [main]\ncases: [cases/more.jsonl]\n",
                "suites/tail.yaml": "name: tail\ninclude: [all]\nwhere_tags: [tail]\n",
                "suites/two.yaml": "name: two\ninclude: [all, main]\nlimit: 2\n",
                "suites/cases/more.jsonl": '{"id": "n1", "input": "x", "tags": ["tail"]}\n',
            },
        )
    )
    ids = {suite.name: [case.id for case in suite.cases] for suite in system.suites}
    assert ids["all"] == ["n1", "m1", "m2", "m3", "m4"]
    assert ids["tail"] == ["n1", "m2"]
    assert ids["two"] == ["n1", "m1"]


def test_faults_of_all_files_come_at_once_in_order(tmp_path: Path) -> None:
    write_system(tmp_path, {name: ":::" for name in FILES if name.endswith(".yaml")})
    faults = check_system(tmp_path)
    files = [fault.file for fault in faults]
    assert files == sorted(files)
    assert {"charter.yaml", "candidate.yaml", "safety-slos.yaml", "suites/main.yaml"} <= set(files)


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    write_system(tmp_path, {"rails.yaml": "#" * (3 * 1024 * 1024)})
    assert any("at most" in message for message in errors(tmp_path))


def test_the_environment_beats_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROADWORTHY_LISTEN_PORT", "9001")
    assert load_system(write_system(tmp_path)).deployment.listen.port == 9001


def test_a_wrong_environment_value_is_a_clear_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROADWORTHY_LISTEN_PORT", "many")
    with pytest.raises(ManifestError, match="ROADWORTHY_LISTEN_PORT"):
        load_system(write_system(tmp_path))


def test_a_pipe_or_a_folder_in_place_of_a_file_is_a_fault(tmp_path: Path) -> None:
    write_system(tmp_path, {"charter.yaml": None, "candidate.yaml": None})
    os.mkfifo(tmp_path / "charter.yaml")
    (tmp_path / "candidate.yaml").mkdir()
    said = errors(tmp_path)
    assert "this is a pipe or a device, not a file" in said
    assert "this is a folder, not a file" in said
