"""prompts/NAME.md: a valid sandboxed template that uses what it declares, and nothing else.

The template is parsed, and tried once with sample values and short loops. Jinja2 is imported
only when a prompt is there.
"""

from __future__ import annotations

import re
from typing import Any

from roadworthy.expressions import prompt_environment

from .compiled import check_schema
from .document import Document
from .reading import Reading
from .typed import suggest

ROLE = re.compile(r"^#\s*(system|user|assistant|developer)\s*$", re.MULTILINE)
"""A role heading; it must divide the body as `prompting` divides it (a test holds them equal)."""

GIVEN = ("examples",)
"""What every template gets beside its declared variables."""


def check_prompt(reading: Reading) -> None:
    """Note the faults of the candidate's prompt."""
    prompt = reading.prompt
    if prompt is None:
        return
    document = reading.document(prompt.path)
    if document.sound(("id",)) and not prompt.header.id.strip():
        document.fault(("id",), "`id` is empty", "write a short name")
    if prompt.header.output_schema is not None:
        check_schema(prompt.header.output_schema, document, ("output_schema",))
    if not prompt.body.strip():
        document.fault((), "the prompt has no text", "write it below the front matter", line=1)
        return
    if len(prompt.body) > 1_000_000:
        document.fault((), "the prompt has more than a million characters", "shorten it", line=1)
        return
    used = _used_variables(prompt.body, document)
    if used is None or not document.sound(("variables",)):
        return
    # As the composer does: a prompt that declares nothing takes `input`.
    declared = set(prompt.header.variables) or {"input"}
    for name, line in sorted(used.items(), key=lambda item: (item[1], item[0])):
        if name not in declared and name not in GIVEN:
            document.fault(
                ("variables",),
                f"the prompt uses `{name}`, which `variables` does not declare",
                suggest(name, [*sorted(declared), *GIVEN], "declared are"),
                line=line,
            )
    for name in prompt.header.variables:
        if name not in used:
            document.fault(
                ("variables", name),
                f"the variable `{name}` is declared but the prompt does not use it",
                f"write `{{{{ {name} }}}}` where it belongs, or remove it",
                severity="warning",
            )
    if prompt.examples and "examples" not in used:
        document.fault(
            ("examples",),
            "the prompt names few-shot examples but does not use them",
            "write `{% for example in examples %}` … `{% endfor %}`",
            severity="warning",
        )


def _used_variables(body: str, document: Document) -> dict[str, int] | None:
    """Variable -> the first line that uses it; None after a syntax fault."""
    from jinja2 import TemplateError, TemplateSyntaxError, meta, nodes

    environment = prompt_environment(strict=False)
    used: dict[str, int] = {}
    sound = True
    for start, source in _sections(body, document.text_line):
        try:
            tree = environment.parse(source)
            free = meta.find_undeclared_variables(tree)
        except TemplateSyntaxError as error:
            sound = False
            document.fault(
                (),
                f"the prompt is no valid template: {error.message}",
                "see https://jinja.palletsprojects.com/templates; "
                "a block must close inside its role section",
                line=start + error.lineno - 1,
            )
            continue
        except (TemplateError, RecursionError, ValueError) as error:
            sound = False
            document.fault((), f"the prompt is no valid template: {error}", "write it simpler")
            continue
        sound = _stays_inside(tree, start, document) and sound
        for name in tree.find_all(nodes.Name):
            if name.name in free and name.name not in used:
                used[name.name] = start + int(name.lineno) - 1
    return used if sound else None


def _stays_inside(tree: Any, start: int, document: Document) -> bool:
    """Note what no prompt may do: read other templates, or Python's own attributes."""
    from jinja2 import nodes

    sound = True
    others = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)
    for node in tree.find_all((*others, nodes.Getattr)):
        line = start + int(node.lineno) - 1
        if isinstance(node, others):
            word = type(node).__name__.lower()
            message = f"the prompt uses `{word}`; a prompt stands by itself and reads no file"
            document.fault((), message, "write the text into the prompt", line=line)
        elif node.attr.startswith("_"):
            message = f"the prompt reads `{node.attr}`, which the sandbox refuses"
            document.fault((), message, "use the declared variables themselves", line=line)
        else:
            continue
        sound = False
    return sound and _can_be_filled(tree, start, document)


def _can_be_filled(tree: Any, start: int, document: Document) -> bool:
    """Try the section once, with loops over `range` cut short so that it ends at once.

    Only what no value could mend is a fault; a missing key may be the sample's.
    """
    from jinja2.exceptions import SecurityError
    from jinja2.sandbox import MAX_RANGE

    def short(*bounds: int) -> range:
        if len(range(*bounds)) > MAX_RANGE:
            raise OverflowError(f"a range has more than {MAX_RANGE} steps")
        return range(*bounds)[:3]

    environment = prompt_environment(strict=False)
    environment.globals["range"] = short
    try:
        for _ in environment.from_string(tree).generate(input="a", examples=[]):
            pass
    except (OverflowError, SecurityError, RecursionError, MemoryError) as error:
        message = f"the prompt cannot be filled: {error}"
        document.fault((), message, "write it simpler", line=start)
        return False
    except Exception:  # a sample without the right shape; a run says so for its row
        return True
    return True


def _sections(body: str, first_line: int) -> list[tuple[int, str]]:
    """(line, source) of each part between role headings, as the composer compiles them."""
    parts: list[tuple[int, str]] = []
    at = 0
    for heading in [*ROLE.finditer(body), None]:
        end = heading.start() if heading is not None else len(body)
        parts.append((first_line + body.count("\n", 0, at), body[at:end]))
        at = heading.end() if heading is not None else end
    return [(line, source) for line, source in parts if source.strip()]
