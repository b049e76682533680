"""The SMTP server named by SMTP_URL, one connection for many messages; and the demo's place of it."""

import smtplib
import ssl
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Protocol
from urllib.parse import unquote, urlsplit

from hubevents.mail.rules import Failure, Stage, refusal

TIMEOUT = 20.0
"""Seconds that one step of the talk may take."""

Security = Literal["none", "tls", "starttls"]
_SCHEMES: dict[str, tuple[Security, int]] = {
    "smtp": ("none", 25),
    "smtps": ("tls", 465),
    "smtp+starttls": ("starttls", 587),
}


class Undelivered(Exception):
    """A message was not taken; `failure` says why without personal data."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(str(failure))
        self.failure = failure


@dataclass(frozen=True)
class Server:
    """Where and how to hand over mail."""

    host: str
    port: int
    security: Security
    user: str = ""
    password: str = field(default="", repr=False)


def server(url: str) -> Server:
    """The server of `smtp://`, `smtps://` or `smtp+starttls://user:password@host:port`; ValueError for anything else.

    User and password are percent-decoded; without a port the usual one of the scheme is taken.
    """
    parts = urlsplit(url)
    if parts.scheme not in _SCHEMES or not parts.hostname:
        raise ValueError("SMTP_URL must look like smtp+starttls://user:password@mail.example.org:587")
    security, port = _SCHEMES[parts.scheme]
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Server(parts.hostname, parts.port or port, security, user, password)


class Outlet(Protocol):
    """Takes finished messages."""

    def __enter__(self) -> "Outlet": ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def send(self, *, sender: str, recipient: str, data: bytes) -> None:
        """Hands one message over; Undelivered when it was not taken."""


class Nowhere:
    """The demo's outlet: the row keeps the mail and nothing leaves."""

    def __enter__(self) -> "Nowhere":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def send(self, *, sender: str, recipient: str, data: bytes) -> None:
        """Does nothing."""


class Connection:
    """One connection, opened with the first message and opened anew after the server closed it."""

    def __init__(self, to: Server, *, hello: str) -> None:
        """`hello` is the name we give ourselves; smtplib's own choice asks the name service and can hang."""
        self._to = to
        self._hello = hello
        self._smtp: smtplib.SMTP | None = None

    def __enter__(self) -> "Connection":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def open(self) -> None:
        """Greets the server, starts TLS and signs in without a message; Undelivered when it refuses."""
        if self._smtp is None:
            self._connect()

    def send(self, *, sender: str, recipient: str, data: bytes) -> None:
        """Hands one message over; Undelivered when it was not taken."""
        smtp = self._smtp or self._connect()
        options = []
        if not (recipient.isascii() and sender.isascii()):
            if not smtp.has_extn("smtputf8"):
                raise Undelivered(Failure(Stage.ENCODING, permanent=True))
            options = ["SMTPUTF8", "BODY=8BITMIME"]
        try:
            smtp.sendmail(sender, [recipient], data, mail_options=options)
        except smtplib.SMTPRecipientsRefused as error:
            code, reply = error.recipients[recipient]
            self._drop_after(code)
            raise Undelivered(refusal(Stage.RECIPIENT, code, reply)) from None
        except smtplib.SMTPSenderRefused as error:
            self._drop_after(error.smtp_code)
            raise Undelivered(refusal(Stage.SENDER, error.smtp_code, error.smtp_error)) from None
        except smtplib.SMTPResponseException as error:
            self._drop_after(error.smtp_code)
            raise Undelivered(refusal(Stage.CONTENT, error.smtp_code, error.smtp_error)) from None
        except (smtplib.SMTPException, OSError) as error:
            self._smtp = None
            raise Undelivered(Failure(Stage.CONNECT, type(error).__name__)) from None

    def _connect(self) -> smtplib.SMTP:
        try:
            if self._to.security == "tls":
                smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                    self._to.host,
                    self._to.port,
                    local_hostname=self._hello,
                    timeout=TIMEOUT,
                    context=ssl.create_default_context(),
                )
            else:
                smtp = smtplib.SMTP(self._to.host, self._to.port, local_hostname=self._hello, timeout=TIMEOUT)
        except smtplib.SMTPResponseException as error:
            raise Undelivered(refusal(Stage.CONNECT, error.smtp_code, error.smtp_error)) from None
        except (smtplib.SMTPException, OSError) as error:
            raise Undelivered(Failure(Stage.CONNECT, type(error).__name__)) from None
        try:
            if self._to.security == "starttls":
                smtp.starttls(context=ssl.create_default_context())
            smtp.ehlo_or_helo_if_needed()
            if self._to.user:
                smtp.login(self._to.user, self._to.password)
        except smtplib.SMTPAuthenticationError as error:
            smtp.close()
            raise Undelivered(refusal(Stage.SIGN_IN, error.smtp_code, error.smtp_error)) from None
        except smtplib.SMTPResponseException as error:
            smtp.close()
            raise Undelivered(refusal(Stage.CONNECT, error.smtp_code, error.smtp_error)) from None
        except (smtplib.SMTPException, OSError) as error:
            smtp.close()
            raise Undelivered(Failure(Stage.CONNECT, type(error).__name__)) from None
        self._smtp = smtp
        return smtp

    def _drop_after(self, code: int) -> None:
        """421 means that the server ends the talk; the next message begins another."""
        if code == 421:
            self._close()

    def _close(self) -> None:
        if self._smtp is not None:
            try:
                self._smtp.quit()
            except (smtplib.SMTPException, OSError):
                self._smtp.close()
            self._smtp = None
