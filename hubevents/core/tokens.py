"""Keys derived from SECRET_KEY by purpose, and links that are derived again instead of stored (DESIGN 3)."""

import base64
import binascii
import hashlib
import hmac
import struct
from dataclasses import dataclass
from functools import lru_cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app

REGISTRATION = "registration"
PERSONAL_FEED = "personal-feed"
DOOR = "door"
UNSUBSCRIBE = "unsubscribe"
INVITATION = "staff-invitation"
PASSWORD_RESET = "password-reset"  # noqa: S105 - the name of a purpose


@dataclass(frozen=True)
class Link:
    """What a genuine link says: the row's id, the version it was made for and, when limited, its last epoch second."""

    id: int
    version: int
    expires: int | None = None


def keys(purpose: str) -> tuple[bytes, ...]:
    """32-byte keys for a purpose, one for each SECRET_KEY; the first signs, all verify."""
    return tuple(_derive(secret, purpose) for secret in current_app.config["SECRET_KEYS"])


def signing_keys(purpose: str) -> list[bytes]:
    """The same keys as itsdangerous wants them: the last signs, all verify."""
    return list(reversed(keys(purpose)))


@lru_cache(maxsize=256)
def _derive(secret: str, purpose: str) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=f"hubevents {purpose}".encode()).derive(
        secret.encode()
    )


@lru_cache(maxsize=8)
def _ed25519(seed: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(seed)


def ticket_keys() -> tuple[Ed25519PrivateKey, ...]:
    """Ed25519 keys of tickets; the first signs, all verify."""
    return tuple(_ed25519(seed) for seed in keys("tickets"))


def link(purpose: str, id: int, version: int, expires: int | None = None) -> str:
    """A URL-safe token of 32 (or, with an expiry in epoch seconds, 38) characters with a 128-bit HMAC."""
    body = struct.pack(">QH", id, version)[2:]
    if expires is not None:
        body += struct.pack(">I", expires)
    return _text(body + _mac(keys(purpose)[0], body))


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def read_link(purpose: str, token: str) -> Link | None:
    """What a token says, None when it is not ours; compares in constant time under every key.

    The caller compares `version` with the row's and `expires` with the clock: an old one is Gone, not unknown.
    """
    if len(token) not in (32, 38) or not token.isascii():
        return None
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    if _text(raw) != token:
        return None  # spare bits of the last character: one link has one spelling
    body, mac = raw[:-16], raw[-16:]
    genuine = False
    for key in keys(purpose):
        genuine |= hmac.compare_digest(_mac(key, body), mac)
    if not genuine:
        return None
    id, version = struct.unpack(">QH", b"\0\0" + body[:8])
    return Link(id, version, struct.unpack(">I", body[8:])[0] if len(body) == 12 else None)


def _mac(key: bytes, body: bytes) -> bytes:
    return hmac.digest(key, body, hashlib.sha256)[:16]


def digest(text: str) -> str:
    """A short keyless digest for versions and file names; never for secrets."""
    return hashlib.sha256(text.encode()).hexdigest()[:20]
