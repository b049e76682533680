"""Venues with their rooms; another name or address is a change of place and is asked about first."""

from dataclasses import dataclass
from typing import Any, cast

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response
from wtforms import FieldList, FormField, HiddenField

from hubevents.core import clock, tokens
from hubevents.core.db import transaction
from hubevents.core.errors import DomainError, NotFound
from hubevents.events import queries, service
from hubevents.events.models import Venue
from hubevents.events.service import RoomDetails, VenueDetails
from hubevents.hubs.models import Hub
from hubevents.hubs.rules import Action
from hubevents.registrations import desk as people
from hubevents.web import access, messages
from hubevents.web.forms import Form, in_form
from hubevents.web.locale import language
from hubevents.web.organiser import frame
from hubevents.web.organiser.blueprint import blueprint
from hubevents.web.organiser.event_forms import Row
from hubevents.web.organiser.fields import (
    Degrees,
    Whole,
    language_names,
    refuse,
    text_fields,
    text_values,
    written,
)

SHORT = {"name": 160, "address": 300}
LONG = ("directions",)
TEXTS = (*SHORT, *LONG)
MOST_ROOMS = 40
NEW_ROOMS = 2
"""Empty rows that wait for new rooms."""


@dataclass(frozen=True)
class VenueLine:
    """One venue of the list."""

    url: str
    name: str
    address: str
    rooms: str


@dataclass(frozen=True)
class Concerned:
    """A coming event that a change of the venue moves."""

    title: str
    when: str


@dataclass(frozen=True)
class Question:
    """What is asked before people are told; `digest` is what they confirm."""

    events: tuple[Concerned, ...]
    people: int
    digest: str


class RoomRow(Row):
    """One room; an empty row is none. Names are added by `_form`."""

    id = HiddenField()
    capacity = Whole(_l("Seats"), least=1)


class VenueForm(Form):
    """All of a venue; texts and rows of rooms are added by `_form`."""

    latitude = Degrees(_l("Latitude"), most=90)
    longitude = Degrees(_l("Longitude"), most=180)
    sure = HiddenField()


@blueprint.get("/<slug:hub>/venues/")
@access.staff(Action.EDIT_EVENTS)
def venues(hub: str) -> str:
    """The hub's venues."""
    spoken = language()
    lines = [
        VenueLine(
            url=url_for("organiser.venue", hub=hub, venue_id=venue.id),
            name=venue.name.text(spoken),
            address=venue.address.text(spoken),
            rooms=", ".join(room.name.text(spoken) for room in venue.rooms),
        )
        for venue in queries.venues_of_hub(access.this_hub().id)
    ]
    return render_template("organiser/venues.html", lines=lines, new_url=url_for("organiser.new_venue", hub=hub))


@blueprint.route("/<slug:hub>/venues/new", methods=["GET", "POST"])
@access.staff(Action.EDIT_EVENTS)
@in_form
def new_venue(hub: str) -> Response | tuple[str, int] | str:
    """A new venue."""
    return _edit(access.this_hub(), None)


@blueprint.route("/<slug:hub>/venues/<int:venue_id>/", methods=["GET", "POST"])
@access.staff(Action.EDIT_EVENTS)
@in_form
def venue(hub: str, venue_id: int) -> Response | tuple[str, int] | str:
    """A venue of the hub, to change."""
    row = access.this_hub()
    return _edit(row, _this_venue(row.id, venue_id))


def _this_venue(hub_id: int, venue_id: int) -> Venue:
    found = queries.venue_of_hub(hub_id, venue_id)
    if found is None:
        raise NotFound("page")
    return found


def _form(hub: Hub, venue: Venue | None) -> VenueForm:
    codes = hub.languages
    room_class = type("RoomRowOfHub", (RoomRow,), text_fields(codes, {"name": 120}))
    fields: dict[str, Any] = text_fields(codes, SHORT, LONG)
    fields["rooms"] = FieldList(FormField(room_class), _l("Rooms"), max_entries=MOST_ROOMS)
    values: dict[str, Any] = {}
    if venue is not None:
        rooms = [
            {"id": str(room.id), "capacity": room.capacity, **text_values(room, ["name"], codes)}
            for room in venue.rooms
        ]
        values = {
            **text_values(venue, TEXTS, codes),
            "latitude": venue.latitude,
            "longitude": venue.longitude,
            "rooms": rooms,
        }
    form: VenueForm = type("VenueFormOfHub", (VenueForm,), fields)(data=values)
    if not form.is_submitted():
        for _number in range(NEW_ROOMS):
            if len(form.rooms.entries) < MOST_ROOMS:
                form.rooms.append_entry()
    return form


def _details(form: VenueForm, hub: Hub, venue: Venue | None) -> VenueDetails | None:
    """What the form says; None with errors at the fields."""
    codes = hub.languages
    texts = {name: written(form, name, codes, getattr(venue, name) if venue is not None else None) for name in TEXTS}
    if not texts["name"]:
        refuse(form[f"name_{codes[0]}"], _("Write the name."))
    if (form.latitude.data is None) != (form.longitude.data is None):
        refuse(form.longitude if form.longitude.data is None else form.latitude, _("Write both or neither."))
    known = {room.id: room for room in venue.rooms} if venue is not None else {}
    rooms = []
    for entry in form.rooms.entries:
        row = cast(Any, entry.form)
        typed = row.id.data or ""
        id = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 10 else None
        name = written(row, "name", codes, known[id].name if id in known else None)
        if name or id is not None:
            rooms.append(RoomDetails(name, row.capacity.data, id))
    if form.errors:
        return None
    return VenueDetails(latitude=form.latitude.data, longitude=form.longitude.data, rooms=tuple(rooms), **texts)


def _question(venue: Venue, details: VenueDetails) -> Question | None:
    """Which coming events the change moves, and how many people will be told; None when none."""
    moved = service.moved_by_venue(venue, details)
    if not moved:
        return None
    spoken = language()
    concerned = tuple(Concerned(event.title.text(spoken), frame.when(event, spoken)) for event in moved)
    marks = [str(event.id) for event in moved] + [repr(details.name), repr(details.address), repr(details.rooms)]
    return Question(concerned, people.reachable([event.id for event in moved]), tokens.digest("|".join(marks)))


def _edit(hub: Hub, venue: Venue | None) -> Response | tuple[str, int] | str:
    form = _form(hub, venue)
    also: list[str] = []
    question = None
    if form.is_submitted() and request.form.get("act") == "add_room":
        if len(form.rooms.entries) < MOST_ROOMS:
            form.rooms.append_entry()
    elif form.validate_on_submit() and (details := _details(form, hub, venue)) is not None:
        try:
            question = _question(venue, details) if venue is not None else None
            if question is None or form.sure.data == question.digest:
                with transaction():
                    if venue is None:
                        service.create_venue(hub.id, details)
                    else:
                        service.change_venue(_this_venue(hub.id, venue.id), details)
                flash(_("The venue is saved."), "ok")
                return redirect(url_for("organiser.venues", hub=hub.slug), 303)
            form.sure.data = question.digest
        except DomainError as error:
            question = None
            also.append(messages.words(error))
    page = render_template(
        "organiser/venue.html",
        form=form,
        names=language_names(hub),
        also=also,
        question=question,
        title=venue.name.text(language()) if venue is not None else _("New venue"),
        at=len(queries.coming_at(venue.id, clock.now())) if venue is not None else 0,
        up=url_for("organiser.venues", hub=hub.slug),
    )
    return (page, 422) if form.errors or also else page
