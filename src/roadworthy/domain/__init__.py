"""The ground floor: nouns, ports and errors. No I/O, no clock, no randomness."""

# Names stand as many to a line as fit: else this page would be three.
# ruff: noqa: I001
# fmt: off
from .asked import Asked, asked_in, last_words
from .assessment import Assessment, Blocker, GateDecision, Phase, WaiverUse
from .batch import BatchFault, BatchState, BatchStatus, FilePurpose, StoredFile
from .calibration import (
    Calibration, FittedMap, FittedThreshold, Guarantee, MapKind, Reliability, calibration_faults,
)
from .campaign import Campaign, CampaignFinding
from .candidate import (
    Assertion, Candidate, Decision, FacetSource, Prompt, PromptHeader, Rail, RailAction, Rails,
    Sampling, Task, Tool, Variable,
)
from .case import (
    KNOWN_TAGS, MAX_REPEATS, Case, Expect, ScorerSpec, StopWhen, Suite, SuiteFile, Turn,
)
from .catalogue import ALIASES, INDICATORS
from .catalogue_judged import JUDGE_SHOWN
from .catalogue_scored import SCORE_SHOWN
from .charter import (
    LEAST_WRONG, Allowed, AnswerCache, Behaviour, CelRule, Charter, ClassifierRule, Clause,
    DeepFake, Endpoint, History, JudgeRule, NeverEvent, OperatorRole, PatternRule, PersonRole, Risk,
    Rule, SafeMode, SchemaRule, Scope, Score, Use, Value,
)
from .classification import (
    Applied,
    Classification,
    FactsFile,
    FactSheet,
    LaterClass,
    Settled,
    TreeStep,
)
from .clock import Instant, format_instant, parse_instant
from .cost import (
    COST_PHASES, MEASURES, NOTHING_RECORDED, Cost, CostPhase, CostSum, Estimate, Measure,
    UnknownCost,
)
from .deep_rail import (
    DEEP_RAILS, NEAR_MS, DeepOptions, GuardrailsCheck, HttpCheck, ModelCheck, NemoCheck,
    PresidioCheck, ReferenceCheck, deep_faults, deep_files, deep_options, deep_upstream,
)
from .degrade import DEGRADE_ACTS, DegradeStep, steps_of
from .deployment import (
    Address, BatchSettings, Deployment, Energy, JournalSettings, LimitSettings, Listen, Price,
    Rehearsals, Telemetry, Upstream,
)
from .digest import SHA256_PREFIX, canonical, canonical_of_plain, decimal, digest_of, plain, sha256
from .drawn import UPHELD, Drawn, ReviewSample, drawing, share_for
from .egress import Egress, is_host_allowed, is_inside, regions_of
from .embedding import (
    EMBEDDED, STATIC_MODEL, STATIC_SHA256, EmbeddingOptions, embedding_options, embeddings_asked,
)
from .emergency import EMERGENCY_PEOPLE, MOST_HOURS, EmergencyRail
from .entry import GENESIS, Checkpoint, Draft, Entry, InclusionProof
from .episode import (
    ACT_WITHOUT_APPROVAL, MATCHERS, Approval, CaseTool, ExpectedCall, LiveTool, SimulatedUser,
    ToolResult, Trajectory, tool_definition,
)
from .errors import (
    AccessError, CountError, DetectorError, EvidenceError, ManifestError, ProviderError, QuotaError,
    RefusedError, RoadworthyError, TransitionError, UnavailableError, UndecidedError, UsageError,
    VerificationError,
)
from .evidence_kind import DutyStatus, EntryMatch, EvidenceFile, EvidenceKind, Lack, Proof
from .exchange import AddressState, Call, Chunk, Health, ModelRequest, TokenLogprob, Usage
from .fault import Fault
from .file import File
from .finding import LOOKED_AT_LATER, NOBODY_LOOKS, Finding, RailVerdict, TextContext
from .form import LANGUAGES, BlockSpec, Form, Language, Words
from .generator import (
    ATTACK_LANGUAGES, GOALS, SYSTEMIC_CLASSES, GeneratorSpec, GeneratorUse, Option, OptionFault,
    option_faults, option_values,
)
from .generator_catalogue import GENERATORS, HAZARDS
from .harm import HARMS, Harm, LegalStatement, Recipient, ReportStage, SentReport
from .host import MEGABYTE, HostSample
from .imported import NOT_RUN_HERE, Imported, ImportedFile, ImportedScore
from .incident import OVER, TRANSITIONS, Incident, PinnedCase, next_state, pin_case
from .incident_care import MOST_EVIDENCE, CorrectiveAction, PinnedAction, Said
from .indicator import IndicatorSpec, Measurement
from .instruction_kinds import INSTRUCTIONS
from .judge import (
    BASELINE, HAPPENED, HAPPENED_NOT, JUDGED, PAIRWISE, READ_RUBRICS, REFERENCE, RUBRIC,
    JudgeOptions, PairwiseOptions, Probe, RubricOptions, judge_digest, judge_options, judges_asking,
    never_digest, never_options, paired_with_baseline, pairwise_options, pinned_judges,
    rubric_named, rubric_options,
)
from .judge_wording import JUDGE_SYSTEM, judge_prompt
from .keeping import Hold, TextScope
from .legal_clock import CLOCKS, LegalClock, period_end
from .lifecycle import ArtifactSpec, CharterPart, MatrixCell, MatrixFile, PhaseSpec, Profile
from .look_alikes import looks_like
from .misuse import MISUSE_KINDS, NEVER_SIGNAL, MisuseKind, Step
from .model import HOSTED, Model, ProviderKind
from .model_file import (
    Forbidden, ModelData, ModelFigure, ModelFile, ModelIdentity, SupplierDocument, VendorTerms,
)
from .note_sections import PREREAD, SECTIONS, Unsaid, unsaid_sections
from .notification import Notice, NoticeRoute, NoticeTarget, Notifications
from .objective import (
    BUILT_IN, Objective, exact, find_indicator, parse_duration, parse_target, parse_window,
    read_name, split_aggregation, split_window, why_idle, why_impossible,
)
from .obligation import Catalogue, FactSpec, FactValue, Obligation, RoleSpec
from .observation import (
    EXPECTED, KNOWN_BEFORE, NO_CHECKS, UNHEARD, Action, NeverRecord, Observation, Outcome, Report,
    ReportState, Stage, Status,
)
from .online import OnlineScore
from .origin import (
    TRUST_WORDS, Brought, Checked, Origin, Received, ToldFigure, TrustLevel, by_machine, reaches,
    trust_in, trusted,
)
from .outbox import TargetState, WaitingNotice
from .paper import (
    Block, Cell, Drawing, Gap, Grid, Listing, Owed, Paper, Paragraph, Question, Section, Source,
    Written,
)
from .paperwork import (
    Deliberation, DeliberationHeader, NeverChange, Pipeline, Playbook, PlaybookHeader, Waiver,
    unwaivable,
)
from .person import Trust, TrustedKey
from .place_holder import is_unfinished, says_something
from .ports import (
    Clock, Detector, EntryStore, Inspector, Journal, Needs, Provider, Scorer, Signer, Target,
    Witness,
)
from .quarantine import FlakyCase, Quarantined, QuarantineFile, never_set_aside
from .question import exchange_digest, question_digest, question_of
from .rating import (
    PREFERENCE, SIDES, RatedAnswer, RaterProfile, Rating, RatingFile, RatingItem, RatingTask,
    Rubric, Sheet, SheetItem, Submission,
)
from .ready_rubrics import READY_RUBRICS, sources_in, told_of
from .reducer import COUNTING, EVERY_REPEAT, FORGIVING, Reducer, parse_reducer
from .reference import Packed, Reference, reference_faults
from .registry import (
    ModelApproval, ModelDeprecation, ModelStanding, ModelState, ModelUse, ModelVersion, WantedModel,
    host_of, is_here, is_same_model, wanted_models,
)
from .release import Admission, ReleaseContent, Statement
from .review import (
    WITHIN_HOURS, HeldAnswer, HeldReview, Judgement, Opinion, ReviewDecision, ReviewRules,
    ReviewState, SealedAnswer,
)
from .rolling import ArmComparison, ArmVerdict, Looked, Rolling, RollingState, RolloutStatus
from .rollout import (
    ANALYSIS, COMPARED, LEAST_SHARE, MOST_SHARE, Rollout, RolloutStep, analysis_faults,
    bandit_faults,
)
from .routing import (
    DRILL_TENANT, PROBE_TENANT, Arm, Drill, KillFlag, Mitigation, Route, RoutingTable,
)
from .run import Bar, EarlyStop, RunSummary, Spending, SuitePin, Unchecked, timeless
from .scorer_catalogue import (
    DEFAULT_SCORERS, READS, SCORERS, ScorerKind, expects, grade_of, score_grades, score_name,
    scorer_faults, usual_scorers, verdicts_of,
)
from .settled import settle_types
from .severity import SEVERITIES, Severity, worst_severity
from .shared import Shared
from .shift import ReferenceCounts, Reviewed, Shift
from .slo import MitigationKind, SafetySLO, SloFile, SloTarget
from .soundness import require_sound
from .standing import ObjectiveStanding, Standings
from .system import System
from .verdict import Verdict, worst
from .written_number import DecimalMark, Which, written_number

__all__ = [
    "ACT_WITHOUT_APPROVAL", "ALIASES", "ANALYSIS", "ATTACK_LANGUAGES", "BASELINE", "BUILT_IN",
    "CLOCKS", "COMPARED", "COST_PHASES", "COUNTING", "DEEP_RAILS", "DEFAULT_SCORERS",
    "DEGRADE_ACTS", "DRILL_TENANT", "EMBEDDED", "EMERGENCY_PEOPLE", "EVERY_REPEAT", "EXPECTED",
    "FORGIVING", "GENERATORS", "GENESIS", "GOALS", "HAPPENED", "HAPPENED_NOT", "HARMS", "HAZARDS",
    "HOSTED", "INDICATORS", "INSTRUCTIONS", "JUDGED", "JUDGE_SHOWN", "JUDGE_SYSTEM", "KNOWN_BEFORE",
    "KNOWN_TAGS", "LANGUAGES", "LEAST_SHARE", "LEAST_WRONG", "LOOKED_AT_LATER", "MATCHERS",
    "MAX_REPEATS", "MEASURES", "MEGABYTE", "MISUSE_KINDS", "MOST_EVIDENCE", "MOST_HOURS",
    "MOST_SHARE", "NEAR_MS", "NEVER_SIGNAL", "NOBODY_LOOKS", "NOTHING_RECORDED", "NOT_RUN_HERE",
    "NO_CHECKS", "OVER", "PAIRWISE", "PREFERENCE", "PREREAD", "PROBE_TENANT", "READS",
    "READY_RUBRICS", "READ_RUBRICS", "REFERENCE", "RUBRIC", "SCORERS", "SCORE_SHOWN", "SECTIONS",
    "SEVERITIES", "SHA256_PREFIX", "SIDES", "STATIC_MODEL", "STATIC_SHA256", "SYSTEMIC_CLASSES",
    "TRANSITIONS", "TRUST_WORDS", "UNHEARD", "UPHELD", "WITHIN_HOURS", "AccessError", "Action",
    "Address", "AddressState", "Admission", "Allowed", "AnswerCache", "Applied", "Approval", "Arm",
    "ArmComparison", "ArmVerdict", "ArtifactSpec", "Asked", "Assertion", "Assessment", "Bar",
    "BatchFault", "BatchSettings", "BatchState", "BatchStatus", "Behaviour", "Block", "BlockSpec",
    "Blocker", "Brought", "Calibration", "Call", "Campaign", "CampaignFinding", "Candidate", "Case",
    "CaseTool", "Catalogue", "CelRule", "Cell", "Charter", "CharterPart", "Checked", "Checkpoint",
    "Chunk", "Classification", "ClassifierRule", "Clause", "Clock", "CorrectiveAction", "Cost",
    "CostPhase", "CostSum", "CountError", "DecimalMark", "Decision", "DeepFake", "DeepOptions",
    "DegradeStep", "Deliberation", "DeliberationHeader", "Deployment", "Detector", "DetectorError",
    "Draft", "Drawing", "Drawn", "Drill", "DutyStatus", "EarlyStop", "Egress", "EmbeddingOptions",
    "EmergencyRail", "Endpoint", "Energy", "Entry", "EntryMatch", "EntryStore", "Estimate",
    "EvidenceError", "EvidenceFile", "EvidenceKind", "Expect", "ExpectedCall", "FacetSource",
    "FactSheet", "FactSpec", "FactValue", "FactsFile", "Fault", "File", "FilePurpose", "Finding",
    "FittedMap", "FittedThreshold", "FlakyCase", "Forbidden", "Form", "Gap", "GateDecision",
    "GeneratorSpec", "GeneratorUse", "Grid", "Guarantee", "GuardrailsCheck", "Harm", "Health",
    "HeldAnswer", "HeldReview", "History", "Hold", "HostSample", "HttpCheck", "Imported",
    "ImportedFile", "ImportedScore", "Incident", "InclusionProof", "IndicatorSpec", "Inspector",
    "Instant", "Journal", "JournalSettings", "JudgeOptions", "JudgeRule", "Judgement", "KillFlag",
    "Lack", "Language", "LaterClass", "LegalClock", "LegalStatement", "LimitSettings", "Listen",
    "Listing", "LiveTool", "Looked", "ManifestError", "MapKind", "MatrixCell", "MatrixFile",
    "Measure", "Measurement", "MisuseKind", "Mitigation", "MitigationKind", "Model",
    "ModelApproval", "ModelCheck", "ModelData", "ModelDeprecation", "ModelFigure", "ModelFile",
    "ModelIdentity", "ModelRequest", "ModelStanding", "ModelState", "ModelUse", "ModelVersion",
    "Needs", "NemoCheck",
    "NeverChange", "NeverEvent", "NeverRecord", "Notice", "NoticeRoute", "NoticeTarget",
    "Notifications", "Objective", "ObjectiveStanding", "Obligation", "Observation", "OnlineScore",
    "OperatorRole", "Opinion", "Option", "OptionFault", "Origin", "Outcome", "Owed", "Packed",
    "PairwiseOptions", "Paper", "Paragraph", "PatternRule", "PersonRole", "Phase", "PhaseSpec",
    "PinnedAction", "PinnedCase", "Pipeline", "Playbook", "PlaybookHeader", "PresidioCheck",
    "Price", "Probe", "Profile", "Prompt", "PromptHeader", "Proof", "Provider", "ProviderError",
    "ProviderKind", "QuarantineFile", "Quarantined", "Question", "QuotaError", "Rail",
    "RailAction", "RailVerdict", "Rails", "RatedAnswer", "RaterProfile", "Rating", "RatingFile",
    "RatingItem",
    "RatingTask", "Received", "Recipient", "Reducer", "Reference", "ReferenceCheck",
    "ReferenceCounts", "RefusedError", "Rehearsals", "ReleaseContent", "Reliability", "Report",
    "ReportStage", "ReportState", "ReviewDecision", "ReviewRules", "ReviewSample", "ReviewState",
    "Reviewed", "Risk", "RoadworthyError", "RoleSpec", "Rolling", "RollingState", "Rollout",
    "RolloutStatus", "RolloutStep", "Route", "RoutingTable", "Rubric", "RubricOptions", "Rule",
    "RunSummary", "SafeMode", "SafetySLO", "Said", "Sampling", "SchemaRule", "Scope", "Score",
    "Scorer", "ScorerKind", "ScorerSpec", "SealedAnswer", "Section", "SentReport", "Settled",
    "Severity", "Shared", "Sheet", "SheetItem", "Shift", "Signer", "SimulatedUser", "SloFile",
    "SloTarget", "Source", "Spending", "Stage", "Standings", "Statement", "Status", "Step",
    "StopWhen", "StoredFile", "Submission", "Suite", "SuiteFile", "SuitePin", "SupplierDocument",
    "System", "Target", "TargetState", "Task", "Telemetry", "TextContext", "TextScope",
    "TokenLogprob", "ToldFigure", "Tool", "ToolResult", "Trajectory", "TransitionError", "TreeStep",
    "Trust", "TrustLevel", "TrustedKey", "Turn", "UnavailableError", "Unchecked", "UndecidedError",
    "UnknownCost", "Unsaid", "Upstream", "Usage", "UsageError", "Use", "Value", "Variable",
    "VendorTerms", "Verdict", "VerificationError", "WaitingNotice", "Waiver", "WaiverUse",
    "WantedModel", "Which", "Witness", "Words", "Written", "analysis_faults", "asked_in",
    "bandit_faults", "by_machine", "calibration_faults", "canonical", "canonical_of_plain",
    "decimal", "deep_faults", "deep_files", "deep_options", "deep_upstream", "digest_of", "drawing",
    "embedding_options", "embeddings_asked", "exact", "exchange_digest", "expects",
    "find_indicator", "format_instant", "grade_of", "host_of", "is_here", "is_host_allowed",
    "is_inside", "is_same_model", "is_unfinished", "judge_digest", "judge_options", "judge_prompt",
    "judges_asking",
    "last_words", "looks_like", "never_digest", "never_options", "never_set_aside", "next_state",
    "option_faults", "option_values", "paired_with_baseline", "pairwise_options", "parse_duration",
    "parse_instant", "parse_reducer", "parse_target", "parse_window", "period_end", "pin_case",
    "pinned_judges", "plain", "question_digest", "question_of", "reaches", "read_name",
    "reference_faults", "regions_of", "require_sound", "rubric_named", "rubric_options",
    "says_something",
    "score_grades", "score_name", "scorer_faults", "settle_types", "sha256", "share_for",
    "sources_in", "split_aggregation", "split_window", "steps_of", "timeless", "told_of",
    "tool_definition", "trust_in", "trusted", "unsaid_sections", "unwaivable", "usual_scorers",
    "verdicts_of", "wanted_models", "why_idle", "why_impossible", "worst", "worst_severity",
    "written_number",
]  # fmt: skip
