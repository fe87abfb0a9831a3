"""Evidence: the hash chain, its Merkle tree and signed checkpoints, keys, trust, stores, blobs."""

from .archive import Backup, back_up
from .authority import authority_of, trust_by, trust_disagreements
from .blobs import BlobStore
from .chain import entry_digest, leaf_of, seal
from .checkpoints import (
    CarriedHeads,
    CheckpointLog,
    checkpoint_holds,
    decode_checkpoint,
    encode_checkpoint,
    note_body,
    sign_checkpoint,
    to_note,
)
from .envelope import sign_envelope, statement
from .excerpt import Shown, excerpt_lines
from .instants import next_instant
from .keyring import MACHINE, Keyring
from .ledger import Ledger, open_ledger
from .memory_store import MemoryEntryStore
from .merkle import inclusion_path, leaf_hash, node_hash, root_of
from .payload import decode_payload, encode_payload
from .proofs import (
    ConsistencyProof,
    encode_proof,
    kept_checkpoint,
    proof_document,
    prove_growth,
)
from .restoring import missing_keys, restore
from .signatures import require_signature, sign_draft
from .signers import Ed25519Signer, key_id_of, public_key_of, signature_holds
from .sqlite_store import LEDGER_PATIENCE_S, SqliteEntryStore
from .store import LedgerStore
from .trust import (
    add_key,
    distinct_people,
    known_names,
    live_key,
    require_key,
    require_role,
    revoke,
    rotate,
    trust_machine,
)

__all__ = [
    "LEDGER_PATIENCE_S",
    "MACHINE",
    "Backup",
    "BlobStore",
    "CarriedHeads",
    "CheckpointLog",
    "ConsistencyProof",
    "Ed25519Signer",
    "Keyring",
    "Ledger",
    "LedgerStore",
    "MemoryEntryStore",
    "Shown",
    "SqliteEntryStore",
    "add_key",
    "authority_of",
    "back_up",
    "checkpoint_holds",
    "decode_checkpoint",
    "decode_payload",
    "distinct_people",
    "encode_checkpoint",
    "encode_payload",
    "encode_proof",
    "entry_digest",
    "excerpt_lines",
    "inclusion_path",
    "kept_checkpoint",
    "key_id_of",
    "known_names",
    "leaf_hash",
    "leaf_of",
    "live_key",
    "missing_keys",
    "next_instant",
    "node_hash",
    "note_body",
    "open_ledger",
    "proof_document",
    "prove_growth",
    "public_key_of",
    "require_key",
    "require_role",
    "require_signature",
    "restore",
    "revoke",
    "root_of",
    "rotate",
    "seal",
    "sign_checkpoint",
    "sign_draft",
    "sign_envelope",
    "signature_holds",
    "statement",
    "to_note",
    "trust_by",
    "trust_disagreements",
    "trust_machine",
]
