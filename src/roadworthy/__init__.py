"""Roadworthy: inspect, sign, drive, stop, recall and document a generative-AI system.

Floors, from the roof down; a floor stands only on the floors below it (`.importlinter` holds
this true, ARCHITECTURE.md draws it):

    cli                         terminal
    console gateway             HTML, HTTP
    wiring                      the only place that names concrete classes
    flows                       the two straight lines: request_path and release_loop
    prompting evaluation policy release serving journal monitoring incidents     the stages
    providers detectors         instruments
    ledger manifests            mechanics
    statistics expressions      arithmetic
    domain                      nouns, ports, errors
"""

__version__ = "0.1.0"
