"""A real SMTP server on loopback that keeps what it takes, and refuses what a test tells it to."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword


class Inbox:
    """Handler of aiosmtpd: `taken` are the raw mails in order; `refuse` maps an address to the reply to RCPT."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.recipients: list[str] = []
        self.refuse: dict[str, str] = {}
        self.refuse_data: str | None = None
        self.connections = 0
        self.port = 0

    async def handle_EHLO(
        self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.connections += 1
        return responses

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.refuse_data:
            return self.refuse_data
        self.taken.append(bytes(envelope.original_content))
        self.recipients.append(*envelope.rcpt_tos)
        return "250 OK"

    @property
    def mails(self) -> list[EmailMessage]:
        """What was taken, parsed as a mail program would."""
        return [message_from_bytes(raw, policy=policy.default) for raw in self.taken]  # type: ignore[misc]

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"


@contextmanager
def server(**options: Any) -> Iterator[Inbox]:
    """A running server; `login=(user, password)` makes it ask for a sign-in."""
    inbox = Inbox()
    login = options.pop("login", None)
    if login:

        def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
            wanted = LoginPassword(login[0].encode(), login[1].encode())
            return AuthResult(success=data == wanted, handled=False)

        options |= {"auth_required": True, "auth_require_tls": False, "authenticator": check}
    with socket.create_server(("127.0.0.1", 0)) as free:
        inbox.port = free.getsockname()[1]
    controller = Controller(inbox, hostname="127.0.0.1", port=inbox.port, **options)
    controller.start()
    try:
        yield inbox
    finally:
        controller.stop()
