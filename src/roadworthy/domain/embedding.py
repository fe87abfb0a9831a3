"""What a suite says of an embedding model: which one makes the vectors that are compared.

The options stand in the suite's file, so they are part of the suite's digest and of the bar: other
vectors are another bar.
"""

from __future__ import annotations

import msgspec

from .case import ScorerSpec, SuiteFile
from .errors import UsageError
from .file import File
from .model import Model

EMBEDDED = "embedding_similarity"
"""The scorer that compares vectors; they are made right after the answer."""

STATIC_MODEL = "wordllama-256"
"""The built-in `local` embedding model."""

STATIC_SHA256 = "sha256:64b47a2dc493cb8e85944076601189739852d7b64e0e1eedcb1937a251cd9fd5"
"""Its vectors of tokens, as published in wordllama 0.4.0.post1 (16,384,096 bytes)."""

_BY = ("openai_compatible", "local", "python", "recorded")


class EmbeddingOptions(File, frozen=True, kw_only=True):
    """Options of the scorer `embedding_similarity`."""

    model: Model
    at_least: float | None = None


def embedding_options(spec: ScorerSpec) -> EmbeddingOptions:
    """The options of the scorer. Raises UsageError saying what would be right."""
    try:
        options = msgspec.convert(spec.options, EmbeddingOptions)
    except msgspec.ValidationError as error:
        raise UsageError(
            f"scorer {EMBEDDED}: {error}",
            fix=f"options: {{model: {{provider: local, name: {STATIC_MODEL}}}}}",
        ) from error
    model = options.model
    if model.provider not in _BY:
        raise UsageError(
            f"scorer {EMBEDDED}: a `{model.provider}` model makes no vectors",
            fix=f"one of: {', '.join(_BY)}",
        )
    if model.provider == "local":
        if model.name != STATIC_MODEL or model.digest not in ("", STATIC_SHA256):
            raise UsageError(
                f"scorer {EMBEDDED}: there is no local embedding model {model.name!r}"
                + (f" with {model.digest}" if model.digest else ""),
                fix=f"name: {STATIC_MODEL}, whose digest is {STATIC_SHA256}",
            )
    elif not model.is_pinned:
        raise UsageError(
            f"scorer {EMBEDDED}: its model {model.name!r} is not pinned: other vectors may hide"
            " behind its name any day",
            fix="write model.digest or model.version in the scorer's options",
        )
    return options


def embeddings_asked(file: SuiteFile) -> list[ScorerSpec]:
    """The scorers of a suite that compare vectors."""
    return [spec for spec in file.scorers if spec.scorer == EMBEDDED]
