"""A system's folder as far as it could be read: what the cross checks look at.

Each file is read by itself here; what files say of each other is judged by the `*_checks`
modules, which see placeholders where a file was faulty.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec

from roadworthy.domain import (
    Candidate,
    Case,
    Charter,
    Deliberation,
    Deployment,
    Pipeline,
    Playbook,
    PlaybookHeader,
    Prompt,
    PromptHeader,
    QuarantineFile,
    Rails,
    Rollout,
    SloFile,
    Suite,
    SuiteFile,
    Waiver,
)

from .candidate_files import candidate_files
from .deliberation_file import read_deliberation
from .document import Document
from .folder import Folder
from .objective_names import fill_windows
from .waiver_files import read_waivers

CHARTER = "charter.yaml"
SLOS = "safety-slos.yaml"
ROLLOUT = "rollout.yaml"
PIPELINE = "pipeline.yaml"
QUARANTINE = "quarantine.yaml"
DEPLOYMENT = "roadworthy.toml"
_SUITE = re.compile(r"suites/[^/]+\.ya?ml")
_BESIDE_THE_CASES = {("scorers",), ("generators",), ("repeats",), ("reduce",), ("description",)}
"""Keys of a suite that may be faulty without a doubt about which cases it holds."""


class Reading:
    """Everything of one folder. Fields are None where a file is absent or unreadable."""

    def __init__(self, root: Path, candidate_file: str) -> None:
        """Nothing is read yet."""
        self.folder = Folder(root)
        self.candidate_file = candidate_file
        self.charter: Charter | None = None
        self.candidate: Candidate | None = None
        self.prompt: Prompt | None = None
        self.rails = Rails()
        self.rails_file = ""
        self.slos: SloFile | None = None
        self.suite_files: dict[str, SuiteFile] = {}
        """Path -> suite as written."""
        self.case_files: dict[str, list[Case]] = {}
        self.suites: tuple[Suite, ...] = ()
        self.calibration: tuple[Suite, ...] = ()
        """Suites that confidences are fitted on; `suites` are those that judge."""
        self.rollout: Rollout | None = None
        self.pipeline: Pipeline | None = None
        self.waivers: dict[str, Waiver] = {}
        """Path -> waiver."""
        self.quarantine: QuarantineFile | None = None
        self.playbooks: tuple[Playbook, ...] = ()
        self.deliberation: Deliberation | None = None
        self.deployment = Deployment()

    def document(self, file: str) -> Document:
        """The document of a file of the folder."""
        return self.folder.document(file)

    @property
    def cases_known(self) -> bool:
        """Whether every case of every suite was read: else that none of them has it says little."""
        of_suites = (one for file, one in self.folder.documents.items() if _SUITE.fullmatch(file))
        for document in of_suites:
            named = {bad[:1] for bad in document.faulty}
            if document.file not in self.suite_files or not named <= _BESIDE_THE_CASES:
                return False
        for file in self.case_files:
            document = self.document(file)
            read = set(document.order) if document.faulty else ()
            if not all(bad and bad[0] in read for bad in document.faulty):
                return False
        return True

    def read(self) -> None:
        """Read every file; faults stay in the documents."""
        folder = self.folder
        self.charter = folder.yaml(CHARTER, Charter)
        folder.digest(CHARTER)
        self._read_candidate()
        self.slos = folder.yaml(SLOS, SloFile)
        if self.slos is not None:
            self.slos = fill_windows(self.slos, self.document(SLOS))
        if folder.lies(DEPLOYMENT):
            self.deployment = folder.toml(DEPLOYMENT, Deployment) or Deployment()
        if folder.lies(ROLLOUT):
            self.rollout = folder.yaml(ROLLOUT, Rollout)
        if folder.lies(PIPELINE):
            self.pipeline = folder.yaml(PIPELINE, Pipeline)
        if folder.lies(QUARANTINE):
            self.quarantine = folder.yaml(QUARANTINE, QuarantineFile)
        self._read_candidate_files()
        self._read_papers()
        for file in self.folder.names("suites", ".yaml", ".yml"):
            suite = folder.yaml(file, SuiteFile)
            if suite is not None:
                self.suite_files[file] = suite

    def _read_candidate(self) -> None:
        """The candidate; where there is none of that name, those that there are."""
        here = [] if self.folder.lies(self.candidate_file) else candidate_files(self.folder.root)
        if here:
            known = ", ".join(f"`{name}`" for name in here)
            fix = f"the candidates here are {known}: name one with --candidate"
            self.document(self.candidate_file).fault((), "the file does not exist", fix, line=0)
            return
        self.candidate = self.folder.yaml(self.candidate_file, Candidate)
        self.folder.digest(self.candidate_file)

    def _read_candidate_files(self) -> None:
        """The prompt and the rails that the candidate names."""
        if self.candidate is None:
            return
        document = self.document(self.candidate_file)
        if self.candidate.rails:
            rails = self.folder.reach(self.candidate.rails, document, ("rails",))
            if rails is not None:
                self.rails_file = rails
                self.rails = self.folder.yaml(rails, Rails) or Rails()
                self.folder.digest(rails)
        if self.candidate.prompt:
            prompt = self.folder.reach(self.candidate.prompt, document, ("prompt",))
            if prompt is not None:
                self._read_prompt(prompt)

    def _read_prompt(self, file: str) -> None:
        header = self.folder.markdown(file, PromptHeader)
        self.folder.digest(file)
        if header is None:
            return
        document = self.document(file)
        examples: tuple[dict[str, Any], ...] = ()
        if header.examples:
            target = self.folder.reach(header.examples, document, ("examples",), beside=file)
            if target is not None:
                rows = self.folder.lines(target, FewShot)
                examples = tuple(msgspec.to_builtins(row) for row in rows)
                self.folder.digest(target)
        self.prompt = Prompt(path=file, header=header, body=document.text, examples=examples)

    def _read_papers(self) -> None:
        """Waivers, playbooks and the deliberation note."""
        self.waivers = read_waivers(self.folder)
        playbooks = []
        for file in self.folder.names("playbooks", ".md"):
            header = self.folder.markdown(file, PlaybookHeader)
            if header is not None:
                body = self.document(file).text
                playbooks.append(
                    Playbook(path=file, name=Path(file).stem, header=header, body=body)
                )
        self.playbooks = tuple(playbooks)
        self.deliberation = read_deliberation(self.folder)


class FewShot(msgspec.Struct, frozen=True, kw_only=True):
    """A few-shot example: `{"input": …, "output": …}`; more keys are the prompt's own."""

    input: str | dict[str, Any] | list[Any]
    output: str | dict[str, Any] | list[Any]
