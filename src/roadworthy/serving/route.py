"""Step 3 of the request line: which system a `model` means, and who owns the prompt.

What enters: the `model` of a request and the names that are served. What leaves: a system and
a mode, or nothing. The release itself is looked up in the RoutingTable by the request path.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

TRANSPARENT = "/transparent"
"""`<system>/transparent` as the model: the caller owns the messages."""


class Aim(Struct, frozen=True):
    """What a request is addressed to."""

    system: str
    managed: bool


def aim(model: str, served: Mapping[str, str]) -> Aim | None:
    """What `model` means, given system -> name of its candidate's model; None: nothing here.

    A system's name is managed; `<system>/transparent` and a model's own name are transparent. A
    model's name that two systems share means neither: the caller must say which.
    """
    if model in served:
        return Aim(model, managed=True)
    if model.endswith(TRANSPARENT):
        system = model[: -len(TRANSPARENT)]
        return Aim(system, managed=False) if system in served else None
    systems = [system for system, name in served.items() if name == model]
    return Aim(systems[0], managed=False) if len(systems) == 1 else None


def names(served: Mapping[str, str]) -> list[str]:
    """Every name under which something is served, for `GET /v1/models`."""
    listed = []
    for system in sorted(served):
        listed += [system, system + TRANSPARENT]
    return listed
