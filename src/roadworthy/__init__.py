"""Roadworthy: inspect, sign, drive, stop, recall and document a generative-AI system.

Floors, from the roof down; a floor stands only on the floors below it (`.importlinter` holds
this true, ARCHITECTURE.md draws it):

    cli                         terminal
    console gateway             HTML, HTTP
    wiring                      the only place that names concrete classes
    flows                       the two straight lines: request_path and release_loop
    prompting evaluation policy release serving journal monitoring incidents compliance
                                the stages
    providers detectors media origins
                                instruments
    ledger manifests table      mechanics
    statistics expressions      arithmetic
    domain                      nouns, ports, errors
"""

from __future__ import annotations

from typing import Any

__version__ = "0.1.0"


def load(digest: str, directory: Any = ".", *, tenant: str = "in-process") -> Any:
    """The live release of that digest in this process: `roadworthy.gateway.loaded.Loaded`.

    Imported where it is called: a command line that loads nothing pays nothing.
    """
    from .gateway.loaded import load as load_here

    return load_here(digest, directory, tenant=tenant)
