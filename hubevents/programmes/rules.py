"""What a funded programme must show, and the usual words for it; pure.

Words: Model Grant Agreement of Digital Europe, Article 17.2 and 17.3.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Protocol

from hubevents.core.i18n import Translated


class Emblem(StrEnum):
    """Which words stand beside the European emblem."""

    NONE = "none"
    FUNDED = "funded"
    COFUNDED = "cofunded"


class Indicator(StrEnum):
    """What a programme counts against its targets."""

    EVENTS = "events"
    PARTICIPANTS = "participants"
    PARTICIPANT_DAYS = "participant_days"
    ORGANISATIONS = "organisations"
    CERTIFICATES = "certificates"


class Shown(Protocol):
    """The part of a programme that visibility depends on."""

    @property
    def funded(self) -> bool:
        """Whether public money pays for it."""

    @property
    def emblem(self) -> str:
        """A member of `Emblem`."""

    @property
    def statement(self) -> Translated:
        """The funding statement."""

    @property
    def disclaimer(self) -> Translated:
        """That views are the authors' only."""


def missing_visibility(programme: Shown, languages: Iterable[str]) -> list[str]:
    """What a funded programme lacks before its events may be published (PRODUCT 34); empty when nothing.

    Items are `emblem`, and `statement` or `disclaimer` with each language it is missing in: `statement:bg`.
    """
    if not programme.funded:
        return []
    missing = [] if programme.emblem in (Emblem.FUNDED, Emblem.COFUNDED) else ["emblem"]
    codes = list(languages)
    for name, text in (("statement", programme.statement), ("disclaimer", programme.disclaimer)):
        missing += [f"{name}:{code}" for code in codes if not text.has(code)]
    return missing


_DISCLAIMERS = {
    "bg": (
        "{statement}. Изразените възгледи и мнения обаче са единствено на автора (авторите) и не отразяват непременно "
        "възгледите и мненията на Европейския съюз или на предоставящия орган. Нито Европейският съюз, нито "
        "предоставящият орган могат да бъдат държани отговорни за тях."
    ),
    "en": (
        "{statement}. Views and opinions expressed are however those of the author(s) only and do not necessarily "
        "reflect those of the European Union or the granting authority. Neither the European Union nor the granting "
        "authority can be held responsible for them."
    ),
}


def usual_disclaimer(statement: str, language: str) -> str:
    """The disclaimer of Article 17.3 after a statement; empty for a language we have no words in."""
    return _DISCLAIMERS.get(language, "").format(statement=statement)
