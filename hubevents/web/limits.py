"""Rate limits that stop machines, not a classroom behind one address; Redis when there are several processes."""

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from hubevents.core.config import Settings

limiter = Limiter(key_func=get_remote_address)

REGISTER = "120 per minute; 1500 per hour"
"""Per address: a lecture hall of 100 phones behind one router registers within a minute."""
SIGN_IN = "10 per minute; 60 per hour"
"""Per mail address and network address together."""
SIGN_INS = "60 per minute; 600 per hour"
"""Per network address: one password tried for many people, and the work of hashing each of them."""
LOOK_UP = "60 per minute"
ROOM_CODES = "10 per 10 minutes"
"""Per registration: codes of a room's screen (checkin.selfcheck says what guessing is worth then)."""


def init_limits(app: Flask, settings: Settings) -> None:
    """Counts in memory, or in Redis when REDIS_URL is set; RATE_LIMITS=off is for load tests."""
    app.config.update(
        RATELIMIT_ENABLED=settings.rate_limits,
        RATELIMIT_STORAGE_URI=settings.redis_url or "memory://",
        RATELIMIT_STRATEGY="moving-window",
        RATELIMIT_HEADERS_ENABLED=False,
        RATELIMIT_KEY_PREFIX="hubevents",
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=bool(settings.redis_url),
    )
    limiter.init_app(app)
