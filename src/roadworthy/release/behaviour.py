"""Which candidates are one and the same for counting tries: a digest of what they would do.

In: a release's content. Out: a digest that a comment in model code, a docstring, another drawing
seed, a renamed label of the candidate or another name of the system does not change. Never here:
the candidate digest, which stays exact to the byte; nothing is signed, served or compared under
this one.

It tells candidates apart that behave alike (a renamed variable), never the other way round: two
that share it run the same program on the same prompt, or differ in their luck alone.
"""

from __future__ import annotations

import ast
from typing import Any

import msgspec

from roadworthy.domain import ReleaseContent, sha256

from .pin import candidate_digest

_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def behaviour_digest(content: ReleaseContent) -> str:
    """The digest under which the tries of a candidate are counted."""
    candidate = content.candidate
    model, assets = candidate.model, dict(content.assets)
    if model.provider == "python" and isinstance(assets.get(model.file), str):
        assets[model.file] = program_of(assets[model.file])
        model = msgspec.structs.replace(model, digest="")
    sampling = msgspec.structs.replace(candidate.sampling, seed=None)
    candidate = msgspec.structs.replace(candidate, model=model, sampling=sampling)
    prompt = content.prompt
    if prompt is not None and prompt.header.sampling is not None:
        drawn = msgspec.structs.replace(prompt.header.sampling, seed=None)
        header = msgspec.structs.replace(prompt.header, sampling=drawn)
        prompt = msgspec.structs.replace(prompt, header=header)
    unnamed = msgspec.structs.replace(
        content, system="", candidate=candidate, prompt=prompt, assets=assets
    )
    return candidate_digest(unnamed)


def program_of(source: str) -> str:
    """A digest of what Python code says, without comments, layout, docstrings and bare constants.

    Code that does not parse is taken as it is. The syntax tree is dumped, never run.
    """
    try:
        tree = ast.parse(source)
        for node in ast.walk(tree):
            if isinstance(node, _DOCUMENTED):
                node.body = [one for one in node.body if not _says_nothing(one)]
        return sha256(ast.dump(tree).encode(errors="replace"))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return sha256(source.encode(errors="replace"))


def _says_nothing(statement: Any) -> bool:
    """Whether a statement is a constant that nobody reads, or `pass`."""
    bare = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return bare or isinstance(statement, ast.Pass)
