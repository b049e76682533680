"""Making and changing hubs and their staff."""

from dataclasses import dataclass

from hubevents.accounts import queries as accounts
from hubevents.accounts import service as users
from hubevents.accounts.facts import StaffInvited
from hubevents.core import clock, text
from hubevents.core.db import db
from hubevents.core.errors import Conflict, Invalid, NotFound
from hubevents.core.facts import record
from hubevents.core.i18n import Translated
from hubevents.hubs import queries as hubs
from hubevents.hubs.facts import HubChanged
from hubevents.hubs.models import Hub, Membership, OldSlug
from hubevents.hubs.rules import Role

RESERVED_SLUGS = frozenset({"all", "my", "r", "verify"})


@dataclass(frozen=True)
class HubDetails:
    """All that staff may say of a hub; texts are in the hub's languages."""

    name: Translated
    slug: str
    zone: str
    languages: tuple[str, ...]
    colour: str
    email: str
    kind_line: Translated = Translated()
    summary: Translated = Translated()
    about: Translated = Translated()
    imprint: Translated = Translated()
    privacy: Translated = Translated()
    address: Translated = Translated()
    phone: str = ""
    website: str = ""
    logo: str | None = None


def create_hub(details: HubDetails, owner_id: int) -> Hub:
    """A new hub with its first owner. Raises Invalid(`slug_taken` | `slug_reserved`)."""
    _check_slug(details.slug, None)
    hub = Hub(created_at=clock.now())
    _write(hub, details)
    db.session.add(hub)
    db.session.flush()
    add_member(hub.id, owner_id, Role.OWNER)
    return hub


def change_hub(hub_id: int, details: HubDetails) -> Hub:
    """Changes a hub; an old slug keeps leading to it."""
    hub = db.session.get(Hub, hub_id)
    if hub is None:
        raise NotFound("page")
    if details.slug != hub.slug:
        _check_slug(details.slug, hub.id)
        db.session.add(OldSlug(kind="hub", hub_id=0, slug=hub.slug, target_id=hub.id))
    _write(hub, details)
    db.session.flush()
    record(HubChanged(hub.id))
    return hub


def _check_slug(slug: str, hub_id: int | None) -> None:
    if slug in RESERVED_SLUGS or slug != text.slugify(slug):
        raise Invalid("slug_reserved", field="slug")
    other = hubs.hub_by_slug(slug)
    former = hubs.moved("hub", 0, slug)
    if (other is not None and other.id != hub_id) or (former is not None and former != hub_id):
        raise Invalid("slug_taken", field="slug")


def _write(hub: Hub, details: HubDetails) -> None:
    for name in HubDetails.__dataclass_fields__:
        setattr(hub, name, getattr(details, name))


def add_member(hub_id: int, user_id: int, role: Role) -> Membership:
    """Gives a user a role in a hub."""
    membership = Membership(hub_id=hub_id, user_id=user_id, role=role, created_at=clock.now())
    db.session.add(membership)
    db.session.flush()
    return membership


def invite(hub_id: int, *, email: str, name: str, role: Role, language: str, by_user_id: int) -> Membership:
    """Invites a colleague: a new user sets a password by the mailed link, a known one is told of the new hub.

    Raises Conflict(`already_staff`).
    """
    user = accounts.user_by_email(email) or users.create_user(email, name, language)
    if any(membership.hub_id == hub_id for membership in hubs.memberships(user.id)):
        raise Conflict("already_staff")
    membership = add_member(hub_id, user.id, role)
    record(StaffInvited(user.id, hub_id, by_user_id))
    return membership


def invite_again(hub_id: int, membership_id: int, by_user_id: int) -> None:
    """Sends the invitation once more."""
    membership = _membership(hub_id, membership_id)
    record(StaffInvited(membership.user_id, hub_id, by_user_id))


def change_role(hub_id: int, membership_id: int, role: Role) -> Membership:
    """Changes a colleague's role; all their sessions end. Raises Conflict(`last_owner`)."""
    membership = _membership(hub_id, membership_id)
    if membership.role is Role.OWNER and role is not Role.OWNER:
        _keep_an_owner(hub_id)
    membership.role = role
    membership.user.session_epoch += 1
    return membership


def remove_member(hub_id: int, membership_id: int) -> None:
    """Takes a colleague's role away; all their sessions end. Raises Conflict(`last_owner`)."""
    membership = _membership(hub_id, membership_id)
    if membership.role is Role.OWNER:
        _keep_an_owner(hub_id)
    membership.user.session_epoch += 1
    db.session.delete(membership)


def _membership(hub_id: int, membership_id: int) -> Membership:
    membership = db.session.get(Membership, membership_id)
    if membership is None or membership.hub_id != hub_id:
        raise NotFound("page")
    return membership


def _keep_an_owner(hub_id: int) -> None:
    owners = [m for m in hubs.staff_of(hub_id) if m.role is Role.OWNER]
    if len(owners) < 2:
        raise Conflict("last_owner")
