"""A prompt's body, compiled once. Variables are data: they can never close a role or a tag.

Roles are read from the *source* (lines `# system`, `# user`, `# assistant`) before anything is
rendered, so no value can open one. Values lose what could close a tag of the template or start
a control token of a chat format, and in completion prompts their line breaks, because there a
line of its own is how an answer would be forged.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from roadworthy.domain import Fault, ManifestError, Prompt, UsageError
from roadworthy.expressions import prompt_environment

_ROLE = re.compile(r"^#\s*(system|user|assistant|developer)\s*$", re.MULTILINE)
_TAG = re.compile(r"</?([A-Za-z][A-Za-z0-9_-]*)")
_CONTROL = ("|", "start_of_turn", "end_of_turn", "bos", "eos", "s", "pad", "unk", "think")
"""What follows `<` in the control tokens of common chat formats (ChatML, Gemma, Llama)."""


class PromptTemplate:
    """The compiled body of one prompt."""

    def __init__(self, prompt: Prompt) -> None:
        """Compile. Raises ManifestError when the body is not valid Jinja2."""
        self.prompt = prompt
        self._one_line = prompt.header.format == "completion"
        tags = {name.lower() for name in _TAG.findall(prompt.body)} | set(_CONTROL)
        names = "|".join(sorted(map(re.escape, tags), key=len, reverse=True))
        self._closers = re.compile(rf"<(?=\s{{0,8}}/?\s{{0,8}}(?:{names}))", re.IGNORECASE)
        self._sections = [
            (role, self._compile(source)) for role, source in _split_roles(prompt.body)
        ]
        self._examples = [self.as_data(example) for example in prompt.examples]

    def _compile(self, source: str) -> Any:
        """The section as a template, or as its text when nothing in it can vary."""
        from jinja2 import TemplateSyntaxError

        try:
            section = prompt_environment().from_string(source)
            # A chain of mappings by default, walked key by key for every rendering.
            section.globals = dict(section.globals)
            return section if "{" in source else section.render()
        except TemplateSyntaxError as error:
            fault = Fault(
                file=self.prompt.path,
                line=error.lineno,
                message=f"the prompt is not a valid template: {error.message}",
                fix="see the Jinja2 template syntax",
            )
            raise ManifestError([fault]) from error

    def as_data(self, value: Any) -> Any:
        """A value as it may enter the prompt; see the module's docstring."""
        if isinstance(value, str):
            text = self._closers.sub("&lt;", value)
            return _one_line(text) if self._one_line else text
        if isinstance(value, Mapping):
            return {str(key): self.as_data(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.as_data(item) for item in value]
        return value

    def render(self, variables: Mapping[str, Any]) -> list[tuple[str, str]]:
        """The rendered sections as (role, text). Raises UsageError on a missing variable."""
        data = {name: self.as_data(value) for name, value in variables.items()}
        data["examples"] = self._examples
        try:
            return [(role, _filled(section, data)) for role, section in self._sections]
        except Exception as error:  # a template is a program of its author; it may raise anything
            said = str(error) or type(error).__name__
            raise UsageError(
                f"the prompt {self.prompt.path} cannot be filled: {said}",
                fix="`roadworthy check` names the line",
            ) from error


def _filled(section: Any, data: Mapping[str, Any]) -> str:
    """One section filled; what grows beyond any prompt raises OverflowError on the way."""
    return section if isinstance(section, str) else str(section.render(data))


def _one_line(text: str) -> str:
    return " ".join(filter(None, (line.strip() for line in text.splitlines())))


def _split_roles(body: str) -> list[tuple[str, str]]:
    """The body at its role headings; a body without any is one user section."""
    parts = _ROLE.split(body)
    if len(parts) == 1:
        return [("user", body.strip("\n"))]
    sections = [
        (role, text.strip("\n")) for role, text in zip(parts[1::2], parts[2::2], strict=True)
    ]
    if parts[0].strip():
        sections.insert(0, ("system", parts[0].strip("\n")))
    return sections
