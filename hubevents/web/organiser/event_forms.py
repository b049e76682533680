"""The forms of an event: the short one of a new event, the long one in sections, and its rows of dates."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, cast

import wtforms
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, DateField, FieldList, FormField, HiddenField, SelectField, TimeField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional, Regexp

from hubevents.core import i18n
from hubevents.core.errors import Invalid
from hubevents.core.i18n import Translated
from hubevents.events import rules
from hubevents.events.models import Event, EventDate, Venue
from hubevents.events.rules import Asked, DateStatus, Format, Visibility
from hubevents.events.service import MOST_DATES, DateDetails, EventDetails
from hubevents.hubs.models import Hub
from hubevents.programmes.models import Programme
from hubevents.web import messages
from hubevents.web.context import term, vocabularies
from hubevents.web.forms import EmailAddress, Form, Text
from hubevents.web.locale import language
from hubevents.web.organiser.fields import (
    Amount,
    Ticks,
    Whole,
    optional_id,
    refuse,
    text_fields,
    text_values,
    written,
)

SHORT = {"title": 160, "subtitle": 200, "audience": 200, "co_organisers": 300, "interpretation": 200}
LONG = ("summary", "description", "gains")
TEXTS = (*SHORT, *LONG)
TOPIC = {"topic": 160}
FRAMEWORKS = ("digcomp_3_0", "digcomp_2_2")


class Row(wtforms.Form):  # type: ignore[misc]
    """A form inside a form, with our translations and without a token of its own."""

    class Meta(wtforms.Form.Meta):  # type: ignore[misc]
        """Uses our translations."""

        get_translations = Form.Meta.get_translations


class DateRow(Row):
    """One date; an empty row is no date. Topics in each language are added by `_rows`."""

    id = HiddenField()
    on = DateField(_l("Day"), [Optional()])
    begins = TimeField(_l("From"), [Optional()])
    until_on = DateField(_l("Last day, if another"), [Optional()])
    ends = TimeField(_l("To"), [Optional()])
    later = BooleanField(_l("The clocks show this hour twice: the second one"))
    room = SelectField(_l("Room"), coerce=optional_id)
    withdrawn = BooleanField(_l("Withdraw this date"))

    @property
    def is_blank(self) -> bool:
        """Whether nothing was written in a new row."""
        return not self.id.data and not any(field.raw_data and field.raw_data[0] for field in self._when())

    def _when(self) -> tuple[wtforms.Field, ...]:
        return (self.on, self.begins, self.until_on, self.ends)

    def read(self, zone: str, codes: Sequence[str], was: Translated | None = None) -> DateDetails | None:
        """The date that was written; None with an error at its field when it is none."""
        bad = any(field.errors for field in self._when())
        for field, words in ((self.on, _("Choose a day.")), (self.begins, _("Write when it begins.")),
                             (self.ends, _("Write when it ends."))):  # fmt: skip
            if field.data is None and not field.errors:
                refuse(field, words)
                bad = True
        if bad:
            return None
        starts_at = self._instant(self.begins, self.on.data, self.begins.data, zone, later=self.later.data)
        ends_at = self._instant(self.ends, self.until_on.data or self.on.data, self.ends.data, zone, later=False)
        if starts_at is None or ends_at is None:
            return None
        if ends_at <= starts_at:
            again = self._instant(self.ends, self.until_on.data or self.on.data, self.ends.data, zone, later=True)
            ends_at = again or ends_at
        try:
            rules.check_span(starts_at, ends_at)
        except Invalid as error:
            refuse(self.ends, messages.words(error))
            return None
        id = int(self.id.data) if (self.id.data or "").isdecimal() and len(self.id.data) < 10 else None
        return DateDetails(starts_at, ends_at, written(self, "topic", codes, was), self.room.data, id)

    def _instant(self, field: wtforms.Field, on: date, at: time, zone: str, *, later: bool) -> datetime | None:
        try:
            return rules.instant(datetime.combine(on, at.replace(second=0, microsecond=0)), zone, later=later)
        except Invalid as error:
            refuse(field, messages.words(error))
            return None

    def is_shown_twice(self, zone: str) -> bool:
        """Whether the beginning falls into the hour that autumn repeats, so that one must choose."""
        if self.on.data is None or self.begins.data is None:
            return False
        return rules.is_shown_twice(datetime.combine(self.on.data, self.begins.data), zone)


class NewEventForm(Form):
    """The five answers that make a draft; titles in each language are added by `new_event_form`."""

    kind = SelectField(_l("Kind"))
    on = DateField(_l("Day"), [Optional()])
    begins = TimeField(_l("Begins at"), [Optional()])


class EventForm(Form):
    """All of an event; texts, rows of dates and competences are added by `event_form`."""

    version = HiddenField()
    """When the event last changed as the form was opened: a change by somebody else meanwhile is not overwritten."""
    sure = HiddenField()
    """What the organiser was asked about and confirmed."""
    kind = SelectField(_l("Kind"))
    format = SelectField(_l("How people take part"))
    visibility = SelectField(_l("Who finds it"))
    programme = SelectField(_l("Programme"), coerce=optional_id)
    zone = SelectField(_l("Time zone"))
    venue = SelectField(_l("Venue"), coerce=optional_id)
    online_url = Text(
        _l("Link for taking part online"),
        [
            Optional(),
            Length(max=500),
            Regexp(r"^https?://[^\s]+$", message=_l("Write the whole address with https://.")),
        ],
    )
    takes_registrations = BooleanField(_l("People register here"))
    capacity = Whole(_l("Places"), least=1)
    opens_on = DateField(_l("Registration opens on"), [Optional()])
    opens_at = TimeField(_l("at"), [Optional()])
    closes_on = DateField(_l("Registration closes on"), [Optional()])
    closes_at = TimeField(_l("at"), [Optional()])
    ask_organisation = SelectField(_l("Organisation"))
    ask_phone = SelectField(_l("Phone"))
    ask_position = SelectField(_l("Position"))
    languages = Ticks(_l("Languages of the event"))
    service_category = SelectField(_l("Service"))
    sectors = Ticks(_l("Sectors"))
    technologies = Ticks(_l("Technologies"))
    learning_hours = Amount(_l("Learning hours"))
    price = Amount(_l("Price in euro"))
    contact = EmailAddress(_l("E-mail for questions"), [Optional()])
    slug = Text(
        _l("Address of the page"),
        [Optional(), Length(max=60), Regexp(r"^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$",
                                            message=_l("Only small Latin letters, digits and dashes."))],
    )  # fmt: skip

    codes: tuple[str, ...] = ()
    event: Event
    read: EventDetails | None = None
    """What the form says, after it was validated."""

    def validate(self, extra_validators: Any = None) -> bool:
        """Judges the fields, then dates and times, which need the zone."""
        good = bool(super().validate(extra_validators))
        if not any(self[f"title_{code}"].data for code in self.codes):
            refuse(self[f"title_{self.codes[0]}"], _("Write a title."))
            good = False
        zone = self.zone.data if rules.is_zone(self.zone.data or "") else self.event.zone
        was = {date.id: date.title for date in self.event.dates}
        dates: list[DateDetails] = []
        for entry in self.dates.entries:
            row = cast(DateRow, entry.form)
            if row.is_blank or row.withdrawn.data:
                continue
            id = int(row.id.data) if (row.id.data or "").isdecimal() and len(row.id.data) < 10 else 0
            read = row.read(zone, self.codes, was.get(id))
            if read is None:
                good = False
            else:
                dates.append(read)
        self.dates.errors = [entry.errors for entry in self.dates.entries if entry.errors]
        opens = self._moment(self.opens_on, self.opens_at, time(0, 0), zone)
        closes = self._moment(self.closes_on, self.closes_at, time(23, 59), zone)
        good = good and not any(f.errors for f in (self.opens_on, self.opens_at, self.closes_on, self.closes_at))
        self.read = self._details(dates, opens, closes, zone) if good else None
        return good

    def _moment(self, on: wtforms.Field, at: wtforms.Field, usual: time, zone: str) -> datetime | None:
        if on.errors or at.errors:
            return None
        if on.data is None:
            if at.data is not None:
                refuse(on, _("Choose a day."))
            return None
        try:
            return rules.instant(datetime.combine(on.data, at.data or usual), zone)
        except Invalid as error:
            refuse(on, messages.words(error))
            return None

    def _details(
        self, dates: list[DateDetails], opens: datetime | None, closes: datetime | None, zone: str
    ) -> EventDetails:
        texts = {name: written(self, name, self.codes, getattr(self.event, name)) for name in TEXTS}
        return EventDetails(
            kind=self.kind.data,
            dates=tuple(dates),
            format=Format(self.format.data),
            visibility=Visibility(self.visibility.data),
            languages=tuple(self.languages.data or ()),
            programme_id=self.programme.data,
            service_category=self.service_category.data or None,
            sectors=tuple(self.sectors.data or ()),
            technologies=tuple(self.technologies.data or ()),
            competences=tuple(self._competences()),
            learning_hours=self.learning_hours.data,
            price=self.price.data,
            picture_alt=self.event.picture_alt,
            venue_id=self.venue.data if self.format.data != Format.ONLINE else None,
            online_url=self.online_url.data or "",
            zone=zone,
            contact=self.contact.data or "",
            capacity=self.capacity.data,
            takes_registrations=self.takes_registrations.data,
            registration_opens_at=opens,
            registration_closes_at=closes,
            ask_organisation=Asked(self.ask_organisation.data),
            ask_phone=Asked(self.ask_phone.data),
            ask_position=Asked(self.ask_position.data),
            slug=self.slug.data or "",
            **texts,
        )

    def _competences(self) -> list[dict[str, str]]:
        found = []
        for framework in FRAMEWORKS:
            for key in _competence_keys(framework):
                name = competence_field(framework, key)
                if name in self and self[name].data:
                    found.append({"framework": framework, "id": key, "level": self[name].data})
        return found


def competence_field(framework: str, key: str) -> str:
    """The name of the field that asks for the level of one competence."""
    return f"{framework}-{key.replace('.', '-')}"


def _competence_keys(framework: str) -> list[str]:
    return [each.key for each in getattr(vocabularies(), framework) if not each.is_set("area")]


def frameworks_of(event: Event) -> tuple[str, ...]:
    """The frameworks the form asks for: the newest, and an older one that the event still uses."""
    used = {tag.get("framework") for tag in event.competences or ()}
    return tuple(name for at, name in enumerate(FRAMEWORKS) if at == 0 or name in used)


def _kinds(kept: str | None = None) -> list[tuple[str, str]]:
    kinds = vocabularies().kinds
    choices = kinds.choices(language())
    if kept and kept not in kinds:
        choices.append((kept, kinds.text(kept, language())))
    return choices


def new_event_form(hub: Hub) -> NewEventForm:
    """The form of a new event with a title in each language."""
    form_class = type("NewEventFormOfHub", (NewEventForm,), text_fields(hub.languages, {"title": 160}))
    form: NewEventForm = form_class()
    form.kind.choices = _kinds()
    return form


def first_details(form: NewEventForm, hub: Hub) -> EventDetails:
    """A draft with the defaults of its kind: format, service and length. Raises Invalid for a day that cannot be."""
    kind = vocabularies().kinds.term(form.kind.data)
    title = written(form, "title", hub.languages)
    if not title:
        raise Invalid("title_missing", field="title")
    dates: tuple[DateDetails, ...] = ()
    if form.on.data is not None:
        starts_at = rules.instant(datetime.combine(form.on.data, form.begins.data or time(10)), hub.zone)
        ends_at = rules.shifted(starts_at, timedelta(minutes=int(str(kind.get("minutes") or 120))), hub.zone)
        dates = (DateDetails(starts_at, ends_at),)
    category = kind.get("service_category")
    return EventDetails(
        kind=kind.key,
        title=title,
        dates=dates,
        format=Format(str(kind.get("format") or Format.ONSITE.value)),
        service_category=str(category) if category else None,
        visibility=Visibility.UNLISTED if kind.is_set("members_only") else Visibility.PUBLIC,
        languages=hub.languages[:1],
        contact=hub.email,
    )


def _row_class(codes: Sequence[str]) -> type[DateRow]:
    return type("DateRowOfHub", (DateRow,), text_fields(codes, TOPIC))


def row_values(date: EventDate, zone: str, codes: Sequence[str]) -> dict[str, Any]:
    """What a row shows of a date."""
    begins, ends = i18n.local(date.starts_at, zone), i18n.local(date.ends_at, zone)
    return {
        "id": str(date.id),
        "on": begins.date(),
        "begins": begins.time(),
        "until_on": ends.date() if ends.date() != begins.date() else None,
        "ends": ends.time(),
        "later": rules.is_later_one(date.starts_at, zone),
        "room": date.room_id,
        **{f"topic_{code}": date.title.get(code, "") for code in codes},
    }


def event_form(
    hub: Hub, event: Event, venues: Sequence[Venue], programmes: Sequence[Programme], zones: Sequence[str]
) -> EventForm:
    """The long form of an event, filled with what it is now or with what was posted."""
    codes = hub.languages
    fields: dict[str, Any] = text_fields(codes, SHORT, LONG)
    fields["dates"] = FieldList(FormField(_row_class(codes)), _l("Dates"), max_entries=MOST_DATES)
    levels = {
        name: [
            SelectChoice(*pair) for pair in [("", "–"), *getattr(vocabularies(), f"{name}_levels").choices(language())]
        ]
        for name in FRAMEWORKS
    }
    for framework in frameworks_of(event):
        for key in _competence_keys(framework):
            fields[competence_field(framework, key)] = SelectField(
                f"{key} {term(framework, key)}", choices=levels[framework], validate_choice=True
            )
    form_class = type("EventFormOfHub", (EventForm,), fields)
    form: EventForm = form_class(data=_values(event, codes))
    form.codes, form.event = codes, event
    form.kind.choices = _kinds(event.kind)
    form.format.choices = vocabularies().formats.choices(language())
    form.visibility.choices = [
        (Visibility.PUBLIC.value, _("Everybody: in lists and feeds")),
        (Visibility.UNLISTED.value, _("Only who has the link")),
    ]
    form.programme.choices = [("", _("None")), *((p.id, p.title.text(language())) for p in programmes)]
    form.venue.choices = [("", _("None")), *((v.id, v.name.text(language())) for v in venues)]
    form.zone.choices = sorted({*zones, event.zone})
    asked = [(Asked.NO.value, _("Not asked")), (Asked.OPTIONAL.value, _("Asked, may stay empty")),
             (Asked.REQUIRED.value, _("Required"))]  # fmt: skip
    for field in (form.ask_organisation, form.ask_phone, form.ask_position):
        field.choices = asked
    categories = vocabularies().service_categories.choices(language())
    form.service_category.choices = [("", _("None")), *categories]
    form.languages.choose_from("languages", event.languages)
    form.sectors.choose_from("sectors", event.sectors)
    form.technologies.choose_from("technologies", event.technologies)
    if not form.is_submitted() and not form.dates.entries:
        form.dates.append_entry()
    give_rooms(form, venues)
    return form


def give_rooms(form: EventForm, venues: Sequence[Venue]) -> None:
    """Offers the rooms of all venues in every row; whether one belongs to the chosen venue is judged on saving."""
    choices = [("", _("Not said"))]
    for venue in venues:
        name = venue.name.text(language())
        choices += [(str(room.id), f"{name}: {room.name.text(language())}") for room in venue.rooms]
    for entry in form.dates.entries:
        entry.form.room.choices = choices


def _values(event: Event, codes: Sequence[str]) -> dict[str, Any]:
    opens, closes = (
        i18n.local(moment, event.zone) if moment else None
        for moment in (event.registration_opens_at, event.registration_closes_at)
    )
    values: dict[str, Any] = {
        "version": event.changed_at.isoformat(),
        "kind": event.kind,
        "format": event.format.value,
        "visibility": event.visibility.value,
        "programme": event.programme_id,
        "zone": event.zone,
        "venue": event.venue_id,
        "online_url": event.online_url,
        "takes_registrations": event.takes_registrations,
        "capacity": event.capacity,
        "opens_on": opens and opens.date(),
        "opens_at": opens and opens.time(),
        "closes_on": closes and closes.date(),
        "closes_at": closes and closes.time(),
        "ask_organisation": event.ask_organisation.value,
        "ask_phone": event.ask_phone.value,
        "ask_position": event.ask_position.value,
        "languages": list(event.languages),
        "service_category": event.service_category or "",
        "sectors": list(event.sectors),
        "technologies": list(event.technologies),
        "learning_hours": event.learning_hours,
        "price": event.price,
        "contact": event.contact,
        "slug": event.slug,
        "dates": [row_values(d, event.zone, codes) for d in event.dates if d.status is DateStatus.SCHEDULED],
        **text_values(event, TEXTS, codes),
    }
    for tag in event.competences or ():
        values[competence_field(tag.get("framework", ""), tag.get("id", ""))] = tag.get("level", "")
    return values


class CancelForm(Form):
    """Why an event is called off, in each language; fields are added by `cancel_form`."""


def cancel_form(hub: Hub) -> CancelForm:
    """The form of cancelling."""
    form: CancelForm = type("CancelFormOfHub", (CancelForm,), text_fields(hub.languages, {"reason": 500}))()
    return form


class StartRow(Row):
    """When one date of the copy begins."""

    on = DateField(_l("Day"), [Optional()])
    begins = TimeField(_l("Begins at"), [Optional()])


class CopyForm(Form):
    """The same again: titles, and the beginning of each date; fields are added by `copy_form`."""

    dates = FieldList(FormField(StartRow), _l("Dates"), max_entries=MOST_DATES)


def copy_form(hub: Hub, event: Event) -> CopyForm:
    """The form of a copy, each date a week later than in the original or in the first week from today."""
    codes = hub.languages
    starts = [i18n.local(date.starts_at, event.zone) for date in event.dates if date.status is DateStatus.SCHEDULED]
    form: CopyForm = type("CopyFormOfHub", (CopyForm,), text_fields(codes, {"title": 160}))(
        data={
            "dates": [{"on": None, "begins": start.time()} for start in starts] or [{"on": None, "begins": time(10)}],
            **text_values(event, ["title"], codes),
        }
    )
    return form


def copied_starts(form: CopyForm, zone: str) -> list[datetime]:
    """The beginnings that were written; errors stand at their fields, and then the list is not whole."""
    starts = []
    for entry in form.dates.entries:
        row = entry.form
        if row.on.errors or row.begins.errors:
            continue
        if row.on.data is None:
            continue
        try:
            starts.append(rules.instant(datetime.combine(row.on.data, row.begins.data or time(10)), zone))
        except Invalid as error:
            refuse(row.begins, messages.words(error))
    if not form.dates.entries:
        form.dates.append_entry()
    if not starts and not any(entry.errors for entry in form.dates.entries):
        refuse(form.dates.entries[0].form.on, _("Choose a day."))
    form.dates.errors = [entry.errors for entry in form.dates.entries if entry.errors]
    return starts


class PictureForm(Form):
    """A picture and what it shows, in each language; fields are added by `picture_form`."""

    picture = wtforms.FileField(_l("Picture"))
    without = BooleanField(_l("Take the picture away"))


def picture_form(hub: Hub, event: Event) -> PictureForm:
    """The form of an event's picture."""
    form: PictureForm = type("PictureFormOfHub", (PictureForm,), text_fields(hub.languages, {"picture_alt": 300}))(
        data=text_values(event, ["picture_alt"], hub.languages)
    )
    return form
