"""Hypothesis draws the same examples in every run of `make test`; `make test-all` explores.

A test that fails once in a hundred runs tells a newcomer nothing and keeps a change from landing;
new examples are looked for where somebody waits for them.
"""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("steady", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("exploring", deadline=None, print_blob=True)
settings.load_profile(os.environ.get("ROADWORTHY_HYPOTHESIS", "steady"))
