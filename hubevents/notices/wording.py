"""Words for staff: what a kind of mail is called, and why one did not leave."""

from flask_babel import gettext as _

from hubevents.mail.rules import MessageStatus, Stage, read_failure
from hubevents.notices.rules import Kind


def kind_words(kind: str) -> str:
    """What staff calls a kind of mail, in the reader's language; the kind itself when it is unknown."""
    words: dict[str, str] = {
        Kind.CONFIRMATION: _("Confirmation"),
        Kind.WAITING: _("Waiting list"),
        Kind.PROMOTED: _("Moved up from the waiting list"),
        Kind.REMINDER: _("Reminder"),
        Kind.CANCELLED: _("Registration cancelled"),
        Kind.EVENT_CHANGED: _("Event changed"),
        Kind.EVENT_CANCELLED: _("Event cancelled"),
        Kind.LINK_AGAIN: _("Link sent again"),
        Kind.PASSWORD_RESET: _("Password reset"),
        Kind.STAFF_INVITATION: _("Invitation to the team"),
    }
    return words.get(kind, kind)


def status_words(status: MessageStatus) -> str:
    """Where a message stands, in the reader's language."""
    words: dict[MessageStatus, str] = {
        MessageStatus.WAITING: _("Waits to be sent"),
        MessageStatus.SENT: _("Sent"),
        MessageStatus.RETRYING: _("Will be tried again"),
        MessageStatus.FAILED: _("Not delivered"),
        MessageStatus.REPLACED: _("Replaced by a newer one"),
    }
    return words[status]


def failure_words(error: str | None) -> str:
    """Why a message did not leave, in the reader's language, with the server's code; empty without a failure."""
    if not error:
        return ""
    stage, detail = read_failure(error)
    words: dict[Stage, str] = {
        Stage.CONNECT: _("The mail server cannot be reached."),
        Stage.SIGN_IN: _("The mail server does not accept our sign-in."),
        Stage.SENDER: _("The mail server does not accept our sender address."),
        Stage.RECIPIENT: _("The mail server refused the recipient's address."),
        Stage.CONTENT: _("The mail server refused the message."),
        Stage.ENCODING: _("The mail server cannot write to addresses in this alphabet."),
        Stage.COMPOSE: _("The message could not be composed."),
        Stage.CRASH: _("Sending was interrupted too often."),
    }
    if stage is None:
        return detail
    return f"{words[stage]} ({detail})" if detail else words[stage]
