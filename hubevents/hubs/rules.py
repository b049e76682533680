"""What each role may do: one table, asked by every staff route; pure."""

from enum import StrEnum


class Role(StrEnum):
    """Roles of a user in one hub."""

    OWNER = "owner"
    ORGANISER = "organiser"
    DOOR = "door"
    REPORTER = "reporter"


class Action(StrEnum):
    """What staff routes do."""

    MANAGE_HUB = "manage_hub"
    MANAGE_STAFF = "manage_staff"
    EDIT_EVENTS = "edit_events"
    SEE_EVENTS = "see_events"
    SEE_PEOPLE = "see_people"
    EDIT_PEOPLE = "edit_people"
    EXPORT_PEOPLE = "export_people"
    SEE_MESSAGES = "see_messages"
    SEND_MESSAGES = "send_messages"
    MANAGE_DOORS = "manage_doors"
    OPEN_DOORS = "open_doors"


_ALL = frozenset(Action)
_PERMITTED: dict[Role, frozenset[Action]] = {
    Role.OWNER: _ALL,
    Role.ORGANISER: _ALL - {Action.MANAGE_HUB, Action.MANAGE_STAFF},
    Role.DOOR: frozenset({Action.SEE_EVENTS, Action.OPEN_DOORS}),
    Role.REPORTER: frozenset({Action.SEE_EVENTS, Action.SEE_PEOPLE, Action.EXPORT_PEOPLE, Action.SEE_MESSAGES}),
}


def may(role: Role, action: Action) -> bool:
    """Whether a role may do an action in its hub."""
    return action in _PERMITTED[role]
