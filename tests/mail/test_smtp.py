"""Handing over to a real server."""

import pytest

from hubevents.mail.rules import Failure, Stage
from hubevents.mail.smtp import Connection, Server, Undelivered, server
from tests import smtp

DATA = b"Subject: hello\r\n\r\nbody\r\n.starting with a dot\r\n"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example.org", Server("mail.example.org", 25, "none")),
        ("smtps://mail.example.org", Server("mail.example.org", 465, "tls")),
        ("smtp+starttls://mail.example.org", Server("mail.example.org", 587, "starttls")),
        (
            "smtp+starttls://events%40example.org:p%3Aa%2Fss@mail.example.org:2525",
            Server("mail.example.org", 2525, "starttls", "events@example.org", "p:a/ss"),
        ),
    ],
)
def test_the_url_says_everything(url: str, expected: Server) -> None:
    assert server(url) == expected


@pytest.mark.parametrize("url", ["http://mail.example.org", "smtp://", "mail.example.org:25"])
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="SMTP_URL"):
        server(url)


def test_a_password_never_shows() -> None:
    assert "secret" not in repr(server("smtp://me:secret@mail.example.org"))


def connection(inbox: smtp.Inbox, user: str = "", password: str = "") -> Connection:
    return Connection(Server("127.0.0.1", inbox.port, "none", user, password), hello="localhost")


def send(to: Connection, recipient: str = "maria@example.org") -> None:
    to.send(sender="events@example.org", recipient=recipient, data=DATA)


def failure(to: Connection, recipient: str = "maria@example.org") -> Failure:
    with pytest.raises(Undelivered) as caught:
        send(to, recipient)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert recipient not in str(caught.value)
    return caught.value.failure


def test_many_messages_go_over_one_connection() -> None:
    with smtp.server() as inbox, connection(inbox) as to:
        send(to)
        send(to, "ivan@example.org")
    assert inbox.taken == [DATA, DATA]
    assert inbox.recipients == ["maria@example.org", "ivan@example.org"]
    assert inbox.connections == 1


def test_a_refused_recipient_does_not_end_the_talk() -> None:
    with smtp.server() as inbox, connection(inbox) as to:
        inbox.refuse = {"maria@example.org": "550 5.1.1 no such user maria@example.org"}
        assert failure(to) == Failure(Stage.RECIPIENT, "550 5.1.1", permanent=True)
        inbox.refuse = {"maria@example.org": "451 4.7.1 greylisted"}
        assert failure(to) == Failure(Stage.RECIPIENT, "451 4.7.1")
        send(to, "ivan@example.org")
    assert inbox.recipients == ["ivan@example.org"]
    assert inbox.connections == 1


def test_refused_content_and_a_closing_server() -> None:
    with smtp.server() as inbox, connection(inbox) as to:
        inbox.refuse_data = "554 5.7.1 spam"
        assert failure(to) == Failure(Stage.CONTENT, "554 5.7.1", permanent=True)
        inbox.refuse_data = "421 4.3.2 shutting down"
        assert failure(to) == Failure(Stage.CONTENT, "421 4.3.2")
        inbox.refuse_data = None
        send(to)
    assert len(inbox.taken) == 1
    assert inbox.connections == 2


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
def test_signing_in_right_and_wrong() -> None:
    with smtp.server(login=("me", "secret")) as inbox:
        with connection(inbox, "me", "secret") as to:
            send(to)
        with connection(inbox, "me", "wrong") as to:
            assert failure(to) == Failure(Stage.SIGN_IN, "535 5.7.8")
        with connection(inbox) as to:
            assert failure(to).stage is Stage.SENDER
    assert len(inbox.taken) == 1


def test_a_server_that_is_not_there() -> None:
    with smtp.server() as inbox:
        to = connection(inbox)
    with to:
        assert failure(to) == Failure(Stage.CONNECT, "ConnectionRefusedError")


def test_foreign_alphabets_need_smtputf8() -> None:
    with smtp.server(enable_SMTPUTF8=False) as inbox, connection(inbox) as to:
        assert failure(to, "мария@example.org") == Failure(Stage.ENCODING, permanent=True)
    with smtp.server(enable_SMTPUTF8=True) as inbox, connection(inbox) as to:
        send(to, "мария@example.org")
    assert inbox.recipients == ["мария@example.org"]
