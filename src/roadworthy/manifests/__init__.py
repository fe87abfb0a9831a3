"""The user's files: loaded, checked, every fault at once. And where a workspace keeps what."""

from .answering import refuse_occupied, wrong_answer
from .campaign_file import load_campaign
from .catalogue_file import load_catalogue
from .charter_file import load_charter
from .clauses import clauses_of, kept_for_later
from .deliberation_file import DELIBERATION, load_deliberation
from .deployment_checks import STORE_PREFIX, wrong_store
from .document import Document
from .facts_file import checked_facts, line_of_fact, load_facts, wrong_fact
from .form_file import load_form
from .glance import read_system_name
from .kinds import KINDS, SCHEMA_NAMES
from .loader import check_system, load_system, read_folder
from .model_files import load_model_file
from .questions import QUESTIONS, Answers, Question
from .rail_file import load_rail
from .reading import CHARTER, QUARANTINE, Reading
from .scaffold import draft as draft_system
from .scaffold import questionnaire, read_answers, take_answers
from .scaffold import write as write_system
from .schema import schema_of
from .settings import Setting, load_deployment, settings_of
from .trust_file import load_trust, save_trust
from .waiver_files import WAIVERS, load_waivers
from .where_checks import attributes_of, facets_of, outcome_in, reads_other_facets
from .workspace import WORKSPACE_VARIABLE, Workspace, open_workspace
from .written_blocks import blank_blocks, load_written, written_file
from .yaml_reader import read_yaml

__all__ = [
    "CHARTER",
    "DELIBERATION",
    "KINDS",
    "QUARANTINE",
    "QUESTIONS",
    "SCHEMA_NAMES",
    "STORE_PREFIX",
    "WAIVERS",
    "WORKSPACE_VARIABLE",
    "Answers",
    "Document",
    "Question",
    "Reading",
    "Setting",
    "Workspace",
    "attributes_of",
    "blank_blocks",
    "check_system",
    "checked_facts",
    "clauses_of",
    "draft_system",
    "facets_of",
    "kept_for_later",
    "line_of_fact",
    "load_campaign",
    "load_catalogue",
    "load_charter",
    "load_deliberation",
    "load_deployment",
    "load_facts",
    "load_form",
    "load_model_file",
    "load_rail",
    "load_system",
    "load_trust",
    "load_waivers",
    "load_written",
    "open_workspace",
    "outcome_in",
    "questionnaire",
    "read_answers",
    "read_folder",
    "read_system_name",
    "read_yaml",
    "reads_other_facets",
    "refuse_occupied",
    "save_trust",
    "schema_of",
    "settings_of",
    "take_answers",
    "write_system",
    "written_file",
    "wrong_answer",
    "wrong_fact",
    "wrong_store",
]
