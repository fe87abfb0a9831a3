"""From a call to a model request: the release owns prompt and sampling of a managed call."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET

from roadworthy.domain import (
    Behaviour,
    Call,
    Candidate,
    Charter,
    ModelRequest,
    Prompt,
    Sampling,
    UsageError,
    Variable,
    tool_definition,
)

from .template import PromptTemplate

CONTENT_FREE = "N/A"
"""The input whose label probabilities show the prompt's own bias (Zhao et al. 2021)."""

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "list": (list, tuple),
}


def behaviour_text(behaviour: Behaviour) -> str:
    """The charter's wishes as instructions to a model, one a line; empty where it has none."""
    lines = []
    if behaviour.identifies_as_ai:
        lines.append(
            "You are an AI system. Say so when somebody asks, and never claim to be a human being."
        )
    named = ("Tone", behaviour.tone), ("Persona", behaviour.persona)
    lines += [f"{name}: {text}" for name, text in named if text]
    if behaviour.when_unsure:
        lines.append(f"When you are unsure: {behaviour.when_unsure}")
    return "\n".join(lines)


class Composer:
    """Makes the request for one candidate. Holds no state between calls."""

    def __init__(self, candidate: Candidate, prompt: Prompt | None, charter: Charter) -> None:
        """Compile the prompt. Raises ManifestError when it is not a valid template."""
        self._candidate = candidate
        self._charter = charter
        self._template = PromptTemplate(prompt) if prompt is not None else None
        self._prompt = prompt
        own = prompt.header.sampling if prompt is not None else None
        self._sampling = own or candidate.sampling
        decision = candidate.decision
        free = decision is None or decision.confidence == "verbalised"
        self._labels = () if decision is None or free else tuple(decision.labels)
        self._prefix_chars = self._static_prefix()
        scored = decision is not None and decision.confidence == "logprob"
        self._wants_logprobs = scored or candidate.logprobs is True
        one_text = prompt is not None and prompt.header.format == "completion"
        tools = [] if decision is not None or one_text else _told_of(candidate)
        talks = decision is None and candidate.task != "extraction" and not one_text
        self._behaviour = behaviour_text(charter.behaviour) if talks else ""
        self._own_extra: dict[str, Any] = {"tools": tools} if tools else {}
        self._tells_who = candidate.model.options.get("user_id") is True

    def compose(self, call: Call) -> ModelRequest:
        """The request for a call. Raises UsageError when a variable is missing or wrong."""
        if not call.managed:
            return self._request(
                messages=call.messages,
                prompt=call.prompt,
                sampling=call.sampling,
                extra=call.extra,
                call=call,
            )
        if self._template is None or self._prompt is None:
            text = str(call.variables.get("input", ""))
            said = {"role": "user", "content": text}
            return self._request(
                messages=(*self._behaved([]), *call.messages, said, *call.steps), call=call
            )
        variables = self._checked(call.variables)
        sections = self._template.render(variables)
        if self._prompt.header.format == "completion":
            if call.messages or call.steps:
                raise UsageError(
                    "a prompt of format `completion` has no place for earlier turns",
                    fix="write format: chat, or behaviour.history.turns: 0 in charter.yaml",
                )
            return self._request(prompt="\n".join(text for _, text in sections), call=call)
        filled = self._behaved([{"role": role, "content": text} for role, text in sections])
        return self._request(messages=self._conversed(filled, call), call=call)

    def _behaved(self, filled: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The filled prompt, its instructions begun with how the charter wants it to behave."""
        if not self._behaviour:
            return filled
        if filled and filled[0]["role"] == "system":
            first = {**filled[0], "content": f"{self._behaviour}\n\n{filled[0]['content']}"}
            return [first, *filled[1:]]
        return [{"role": "system", "content": self._behaviour}, *filled]

    def _conversed(self, filled: list[dict[str, Any]], call: Call) -> tuple[dict[str, Any], ...]:
        """The filled prompt in its conversation.

        Earlier turns stand before the prompt's last user section, behind its instructions and
        examples; tool calls of this turn and their results stand at the end.
        """
        if not call.messages and not call.steps:
            return tuple(filled)
        roles = [message["role"] for message in filled]
        if call.steps and roles[-1] != "user":
            raise UsageError(
                f"the prompt ends in a section `# {roles[-1]}`, so no tool step can follow it",
                fix="let `# user` be its last section",
            )
        at = len(roles) - 1 - roles[::-1].index("user") if "user" in roles else len(roles)
        earlier, steps = (
            [self._as_said(message) for message in said] for said in (call.messages, call.steps)
        )
        return (*filled[:at], *earlier, *filled[at:], *steps)

    def _as_said(self, message: dict[str, Any]) -> dict[str, Any]:
        """A message whose content has been through what every variable goes through."""
        assert self._template is not None
        if "content" not in message:
            return message
        return {**message, "content": self._template.as_data(message["content"])}

    def content_free(self) -> ModelRequest:
        """The same prompt about nothing, for contextual calibration."""
        declared = self._prompt.header.variables if self._prompt is not None else {}
        neutral: dict[str, Any] = {
            name: CONTENT_FREE for name, spec in declared.items() if spec.type == "string"
        }
        neutral.setdefault("input", CONTENT_FREE)
        return self.compose(Call(id="", system=self._charter.system, variables=neutral))

    def _request(
        self,
        *,
        call: Call,
        messages: tuple[dict[str, Any], ...] = (),
        prompt: str | None = None,
        sampling: Sampling | None = None,
        extra: dict[str, Any] | None = None,
    ) -> ModelRequest:
        return ModelRequest(
            model=self._candidate.model.name,
            messages=messages,
            prompt=prompt,
            sampling=sampling or self._sampling,
            labels=self._labels if call.managed else (),
            logprobs=self._wants_logprobs and call.managed,
            stream=call.stream,
            extra=self._own_extra if call.managed else extra or {},
            repeat=call.repeat,
            prefix_chars=self._prefix_chars if prompt is not None else 0,
            end_user=(call.end_user or UNSET) if self._tells_who else UNSET,
        )

    def _static_prefix(self) -> int:
        """How many leading characters of a completion prompt are the same in every call."""
        if self._prompt is None or self._prompt.header.format != "completion":
            return 0
        one, two = (self._filled(letter) for letter in ("a", "b"))
        return next(
            (i for i, pair in enumerate(zip(one, two, strict=False)) if len(set(pair)) > 1), 0
        )

    def _filled(self, letter: str) -> str:
        """The prompt with every variable set to something that starts with `letter`."""
        assert self._template is not None
        assert self._prompt is not None
        number = {"a": 1, "b": 2}[letter]
        kinds: dict[str, Any] = {
            "string": letter, "integer": number, "number": number, "boolean": number == 1,
            "list": [letter],
        }  # fmt: skip
        declared = self._prompt.header.variables or {"input": Variable()}
        try:
            sections = self._template.render({k: kinds[v.type] for k, v in declared.items()})
        except UsageError:
            return ""  # a template that needs real values; the hint is only a hint
        return "\n".join(text for _, text in sections)

    def _checked(self, variables: dict[str, Any]) -> dict[str, Any]:
        """The declared variables of a call; unknown ones are refused, not ignored."""
        assert self._prompt is not None
        declared = self._prompt.header.variables or {"input": Variable()}
        unknown = sorted(set(variables) - set(declared) - {"input"})
        if unknown:
            raise UsageError(
                f"the prompt has no variable {unknown[0]!r}", fix=f"it has: {', '.join(declared)}"
            )
        checked: dict[str, Any] = {}
        for name, spec in declared.items():
            if name not in variables:
                if spec.required:
                    raise UsageError(f"variable {name!r} is missing", fix=spec.description)
                checked[name] = None
                continue
            checked[name] = _check_value(name, variables[name], spec)
        return checked


def _told_of(candidate: Candidate) -> list[dict[str, Any]]:
    return [
        tool_definition(
            tool.name, "" if tool.description is UNSET else tool.description, tool.schema
        )
        for tool in candidate.tools
    ]


def _check_value(name: str, value: Any, spec: Variable) -> Any:
    right_type = isinstance(value, _TYPES[spec.type])
    if not right_type or (isinstance(value, bool) and spec.type != "boolean"):
        raise UsageError(f"variable {name!r} must be of type {spec.type}")
    if isinstance(value, str) and len(value) > spec.max_chars:
        raise UsageError(
            f"variable {name!r} has {len(value)} characters, at most {spec.max_chars} are allowed"
        )
    return value
