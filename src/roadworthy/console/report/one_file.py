"""A page as one HTML file: needs no server, no network and no trust in what it shows.

Enters: names of our own scripts, styles and template, and values. Leaves: markup. A content
security policy allows the page's own script and style by their digests and nothing else: no
network, no other script, no markup made from text. What never happens here: a text of others that
reaches the file other than escaped or as base64.
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from pathlib import Path
from typing import Any

from msgspec import Struct

from .shown import finalize

ASSETS = Path(__file__).parent / "assets"
"""Where every script, style and template lies."""

_LEVEL = 4
"""Of deflate: 6 takes half as long again for 4 % less."""


class Parts(Struct, frozen=True, kw_only=True):
    """What a page is made of: files in `assets`, in their order."""

    scripts: tuple[str, ...]
    styles: tuple[str, ...]
    template: str

    def script(self) -> str:
        """The page's script, as its digest in the policy is taken of it."""
        return "".join((ASSETS / name).read_text(encoding="utf-8") for name in self.scripts)

    def style(self) -> str:
        """The page's style."""
        return "".join((ASSETS / name).read_text(encoding="utf-8") for name in self.styles)

    def policy(self) -> str:
        """The content security policy of the page."""
        return (
            f"default-src 'none'; script-src '{_source(self.script())}';"
            f" style-src '{_source(self.style())}'; base-uri 'none'; form-action 'none';"
            " require-trusted-types-for 'script'; trusted-types 'none'"
        )

    def rendered(self, **values: Any) -> str:
        """The fixed part: every value is escaped."""
        from jinja2 import Environment, FileSystemLoader, StrictUndefined

        environment = Environment(
            loader=FileSystemLoader(ASSETS),
            autoescape=True,
            undefined=StrictUndefined,
            finalize=finalize,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters["safe_svg"] = _ours
        return environment.get_template(self.template).render(
            policy=self.policy(), style=_ours(self.style()), **values
        )


def packed(text: bytes) -> bytes:
    """Deflated (zlib), then base64: letters, digits, `+`, `/`, `=`."""
    return base64.b64encode(zlib.compress(text, _LEVEL))


def block(name: str, base64_text: bytes) -> bytes:
    """A data block: no browser runs a script of that type, and base64 cannot end it."""
    return (
        b'<script type="application/octet-stream" id="' + name.encode() + b'">'
        + base64_text + b"</script>\n"
    )  # fmt: skip


def _source(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _ours(markup: str) -> Any:
    """Markup of our own making, which the template must not escape."""
    from markupsafe import Markup

    return Markup(markup)  # noqa: S704 - charts.py escapes every text; assets are ours
