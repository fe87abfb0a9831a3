"""Providers: model vendors and runtimes behind one streaming port."""

from .anthropic import require_anthropic_hears
from .breaker import Traffic
from .credentials import Secret, resolve_credential
from .embeddings import make_embedder, word_vectors
from .factory import make_provider
from .http_client import HttpClient
from .inspectors import make_inspector
from .judging import Asked, PairwiseJudge, RubricJudge, parse_verdict
from .live_tool import LiveCall, make_live_tool
from .media import make_media_maker
from .openai_compatible import OpenAICompatible
from .patience import PATIENCE_S, Patience, Patient
from .resilience import Resilient, RetryPolicy
from .sentence_encoder import sentence_encoder
from .usage import price, usage_of
from .weights import GEMMA_SHA256, acknowledge_terms, terms_notice

__all__ = [
    "GEMMA_SHA256",
    "PATIENCE_S",
    "Asked",
    "HttpClient",
    "LiveCall",
    "OpenAICompatible",
    "PairwiseJudge",
    "Patience",
    "Patient",
    "Resilient",
    "RetryPolicy",
    "RubricJudge",
    "Secret",
    "Traffic",
    "acknowledge_terms",
    "make_embedder",
    "make_inspector",
    "make_live_tool",
    "make_media_maker",
    "make_provider",
    "parse_verdict",
    "price",
    "require_anthropic_hears",
    "resolve_credential",
    "sentence_encoder",
    "terms_notice",
    "usage_of",
    "word_vectors",
]
