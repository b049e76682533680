"""Argon2id hashing, at most two at a time so that memory stays small (STACK 2.8)."""

import threading
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

_hasher = PasswordHasher(time_cost=3, memory_cost=19 * 1024, parallelism=1)
_slots = threading.BoundedSemaphore(2)

MIN_LENGTH = 10


def hash_password(password: str) -> str:
    """The Argon2id hash of a password; takes about 0.1 s, so never inside a transaction."""
    with _slots:
        return _hasher.hash(password)


def matches(password: str, hashed: str | None) -> bool:
    """Whether the password belongs to the hash; takes the same time when there is no hash."""
    with _slots:
        try:
            return _hasher.verify(hashed or _nobody(), password) and hashed is not None
        except (VerifyMismatchError, InvalidHashError):
            return False


@lru_cache(maxsize=1)
def _nobody() -> str:
    return _hasher.hash("nobody has this password")
