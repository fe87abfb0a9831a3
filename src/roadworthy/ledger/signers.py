"""Ed25519 keys in memory: they sign, they name themselves by their public key, they never print.

Key ids are the first 16 hex digits of SHA-256 over the raw 32-byte public key (RFC 8032).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from roadworthy.domain import TrustedKey, VerificationError

_DERIVED = b"roadworthy/derived-secret/v1"
"""The salt: keeps what is derived here apart from every other use of the key."""


def key_id_of(public_key: bytes) -> str:
    """The id of a raw public key."""
    return hashlib.sha256(public_key).hexdigest()[:16]


class Ed25519Signer:
    """Holds one private key (the Signer port). Its repr shows the key id, never the key."""

    def __init__(self, private_key: Ed25519PrivateKey) -> None:
        self._private_key = private_key
        self.public_key = private_key.public_key().public_bytes_raw()
        self.key_id = key_id_of(self.public_key)

    @classmethod
    def generate(cls) -> Ed25519Signer:
        """A new key from the operating system's randomness."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_seed(cls, seed: bytes) -> Ed25519Signer:
        """The key of a 32-byte seed (golden files and tests need the same key twice)."""
        return cls(Ed25519PrivateKey.from_private_bytes(seed))

    @classmethod
    def from_pem(cls, pem: bytes) -> Ed25519Signer:
        """The key in an unencrypted PKCS #8 PEM. Raises ValueError on anything else."""
        try:
            key = serialization.load_pem_private_key(pem, password=None)
        except (TypeError, ValueError) as error:
            raise ValueError(f"no private key in PEM: {type(error).__name__}") from None
        if not isinstance(key, Ed25519PrivateKey):
            raise ValueError("a private key, but not Ed25519")
        return cls(key)

    def to_pem(self) -> bytes:
        """The private key as unencrypted PKCS #8 PEM, for the keyring alone."""
        return self._private_key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )

    @property
    def public_key_base64(self) -> str:
        """The raw public key in base64, as trust.yaml has it."""
        return base64.b64encode(self.public_key).decode()

    def sign(self, payload: bytes) -> bytes:
        """Ed25519 signature (64 bytes) over the bytes."""
        return self._private_key.sign(payload)

    def derived_secret(self, context: str) -> bytes:
        """32 secret bytes for one purpose: HKDF with SHA-256 (RFC 5869) over the private key.

        Other contexts give other secrets, and none of them says anything about the key.
        """
        extracted = hmac.digest(_DERIVED, self._private_key.private_bytes_raw(), "sha256")
        return hmac.digest(extracted, context.encode() + b"\x01", "sha256")

    def __repr__(self) -> str:
        return f"Ed25519Signer({self.key_id})"


def public_key_of(key: TrustedKey) -> bytes:
    """The raw public key of a trusted key. Raises VerificationError when its id is not its own."""
    try:
        raw = base64.b64decode(key.public_key, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != 32 or key_id_of(raw) != key.key_id:
        raise VerificationError(
            f"key {key.key_id} of {key.name} is not the id of its public key",
            fix="the id is the first 16 hex digits of SHA-256 over the raw public key",
        )
    return raw


def signature_holds(key: TrustedKey, payload: bytes, signature: bytes) -> bool:
    """Whether that key made that signature over those bytes."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key_of(key)).verify(signature, payload)
    except InvalidSignature:
        return False
    return True
