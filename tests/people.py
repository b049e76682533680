"""The cast: alice owns Zagore, bob stands at its door, charlie works elsewhere."""

from dataclasses import dataclass
from typing import Any

from flask import Flask

from hubevents.hubs.rules import Role
from tests import make


@dataclass
class Cast:
    """Ids and slugs of the cast's hubs."""

    hub: str
    hub_id: int
    other: str
    other_id: int


def cast(app: Flask) -> Cast:
    """Makes the hubs `zagore` and `rodopi` with alice (owner), bob (door) and charlie (owner elsewhere)."""
    with app.app_context():
        zagore, rodopi = make.hub(), make.hub("rodopi")
        make.user("alice", zagore, Role.OWNER)
        make.user("bob", zagore, Role.DOOR)
        make.user("charlie", rodopi, Role.OWNER)
        return Cast(zagore.slug, zagore.id, rodopi.slug, rodopi.id)


def signed_in(app: Flask, name: str) -> Any:
    """A browser in which somebody signed in."""
    client = app.test_client()
    answer = client.post("/organise/sign-in", data={"email": f"{name}@example.org", "password": make.PASSWORD})
    assert answer.status_code == 303, answer.text
    return client
