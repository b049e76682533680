"""Refusals that services raise; `web/messages.py` words their codes, `web/errors.py` gives them a status."""


class DomainError(Exception):
    """A refusal with a stable code and the values its wording needs."""

    def __init__(self, code: str, **details: object) -> None:
        super().__init__(code)
        self.code = code
        self.details = details

    def __str__(self) -> str:
        extra = ", ".join(f"{key}={value!r}" for key, value in self.details.items())
        return f"{self.code} ({extra})" if extra else self.code


class NotFound(DomainError):
    """There is no such thing, or not for this person; pages answer 404."""


class Gone(DomainError):
    """The link was valid once and is renewed or ended; pages answer 410."""


class NotAllowed(DomainError):
    """The person may not do this; pages answer 403."""


class Conflict(DomainError):
    """The thing's present status does not permit it; pages answer 409."""


class Invalid(DomainError):
    """A value is not acceptable; `details` may name the `field`; pages answer 422."""
