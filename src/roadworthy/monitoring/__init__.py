"""Indicators: named functions of observations, the same before release and after it."""

from .against import Against, against
from .alerting import Alerts, Unwatched, alerts_of
from .cases import copies_in
from .clusters import families
from .contributions import contributions
from .counted import (
    LOOKS_AT,
    RANKED_BY,
    VALUES_OF,
    columns_asked,
    is_ranked,
    measure_counted,
    ranked,
)
from .dashboard import dashboard_of
from .fitting import Labelled, labelled_confidences
from .host import host_indicators, of_host
from .indicators import measure, measure_all, measure_parts
from .judged import beside_baseline, judges_of, without_judges
from .lookout import Lookout, lookouts, seen_by, unchecked
from .misuse import Evidence
from .outcomes import with_outcomes
from .rates import ATTACKS
from .reach import Reach
from .reviews import WAITING
from .selection import (
    by_facets,
    columns_of_facet,
    in_slice,
    selector,
    slice_facets,
    slice_name,
    slice_of,
    uncarried,
)
from .sessions import STEPS
from .showing import counts_against, showing

__all__ = [
    "ATTACKS",
    "LOOKS_AT",
    "RANKED_BY",
    "STEPS",
    "VALUES_OF",
    "WAITING",
    "Against",
    "Alerts",
    "Evidence",
    "Labelled",
    "Lookout",
    "Reach",
    "Unwatched",
    "against",
    "alerts_of",
    "beside_baseline",
    "by_facets",
    "columns_asked",
    "columns_of_facet",
    "contributions",
    "copies_in",
    "counts_against",
    "dashboard_of",
    "families",
    "host_indicators",
    "in_slice",
    "is_ranked",
    "judges_of",
    "labelled_confidences",
    "lookouts",
    "measure",
    "measure_all",
    "measure_counted",
    "measure_parts",
    "of_host",
    "ranked",
    "seen_by",
    "selector",
    "showing",
    "slice_facets",
    "slice_name",
    "slice_of",
    "uncarried",
    "unchecked",
    "with_outcomes",
    "without_judges",
]
