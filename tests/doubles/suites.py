"""Suites, and the smallest system and content that can be planned."""

from __future__ import annotations

from roadworthy.domain import (
    Candidate,
    Case,
    Charter,
    Endpoint,
    Expect,
    Model,
    Rails,
    ReleaseContent,
    SafetySLO,
    SloFile,
    Suite,
    SuiteFile,
    System,
    Use,
)


def a_case(number: int = 0, **fields: object) -> Case:
    """Case `c<number>`, which expects the text 42."""
    plain: dict[str, object] = {
        "id": f"c{number}",
        "input": f"What is {number}?",
        "expect": Expect(text="42"),
        "tags": ["golden"],
        "facets": {"tenant": "acme"},
    }
    return Case(**(plain | fields))  # type: ignore[arg-type]


def a_suite(name: str = "all", cases: int | list[Case] = 3, **file: object) -> Suite:
    """A suite of so many cases, or of these."""
    asked = [a_case(number) for number in range(cases)] if isinstance(cases, int) else cases
    return Suite(
        path=f"suites/{name}.yaml",
        file=SuiteFile(name=name, **file),  # type: ignore[arg-type]
        cases=tuple(asked),
    )


def a_charter() -> Charter:
    return Charter(
        system="desk",
        title="Desk",
        owners={"product": "Ada"},
        human_goal="Claims reach the right desk.",
        use=Use(intended_purpose="Routing claims"),
        endpoints=[Endpoint(id="route", fallback="A person will look at it.")],
    )


def a_system(*suites: Suite, **fields: object) -> System:
    """A system with these suites, without a prompt, asking a `rule` model."""
    plain: dict[str, object] = {
        "root": "/nowhere",
        "charter": a_charter(),
        "candidate": Candidate(task="generation", model=Model(provider="rule", name="rules")),
        "prompt": None,
        "rails": Rails(),
        "slos": SloFile(slos=[SafetySLO(name="accuracy", target=">= 0.9")]),
        "suites": suites or (a_suite(),),
    }
    return System(**(plain | fields))  # type: ignore[arg-type]


def a_content(system: System, digest: str = "sha256:" + "c" * 64) -> ReleaseContent:
    """The system's content under a digest that a test can name."""
    return ReleaseContent(
        system=system.charter.system,
        charter=system.charter,
        candidate=system.candidate,
        prompt=system.prompt,
        rails=system.rails,
        candidate_digest=digest,
        slos=system.slos,
    )
