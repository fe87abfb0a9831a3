"""What files say of each other, and what no type can say: one visible list of checks.

The order matters twice: suites are loaded before they are judged, and clauses are counted last,
over everything that was loaded.
"""

from __future__ import annotations

from .anthropic_checks import check_anthropic
from .calibration_checks import check_calibration
from .candidate_checks import check_candidate
from .charter_checks import check_charter
from .clauses import check_clauses
from .deployment_checks import check_deployment
from .episode_checks import check_episodes
from .expectation_checks import check_expectations
from .message_checks import check_messages
from .model_files import check_model_files
from .never_judge_checks import check_never_judges
from .online_checks import check_online
from .paperwork_checks import check_papers
from .prompt_checks import check_prompt
from .reading import Reading
from .reference_checks import check_reference
from .repeat_checks import check_repeats
from .slo_checks import check_slos
from .suite_checks import check_suites
from .suite_loading import load_suites

CHECKS = (
    check_charter,
    check_never_judges,
    check_candidate,
    check_anthropic,
    check_prompt,
    check_slos,
    check_online,
    check_suites,
    check_expectations,
    check_calibration,
    check_reference,
    check_papers,
    check_model_files,
    check_repeats,
    check_episodes,
    check_messages,
    check_deployment,
    check_clauses,
)


def check(reading: Reading) -> None:
    """Run every check; faults stay in the documents."""
    load_suites(reading)
    for one in CHECKS:
        one(reading)
