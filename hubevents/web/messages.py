"""Words for every refusal code, in every language; a test checks that each code raised anywhere has words."""

from collections.abc import Callable

from flask_babel import gettext as _

from hubevents.core.errors import DomainError

_WORDS: dict[str, Callable[..., str]] = {
    # pages
    "page": lambda: _("This page does not exist."),
    "role": lambda role="": _("Your role in this hub does not allow this."),
    "no_access_declared": lambda: _("This page is closed."),
    "link_unknown": lambda: _("This link is not valid. Open it again from the newest mail."),
    "link_used": lambda: _("This link was already used. Ask for a new one."),
    "link_renewed": lambda: _("This link was replaced by a newer one. Open the newest mail."),
    "door_closed": lambda: _("This pass has ended. Ask the organiser for a new one."),
    "no_badge": lambda: _("There is no badge for this person at this entrance."),
    "badge_too_early": lambda: _("The badge is printed once the person was let in and the scan has arrived."),
    "no_paper": lambda: _("A room's screen needs no paper: open its address on the screen itself."),
    "device_revoked": lambda: _("This device was taken off the door. Ask the organiser for a new pass."),
    "no_dates": lambda: _("Give the event a date first: an entrance ends with it."),
    "unknown_session": lambda field="": _("This session belongs to another event."),
    "door_role": lambda field="": _(
        "A door scans, searches, is a steward's, a kiosk or a room's screen: scan, search, steward, kiosk, screen."
    ),
    "expiry_past": lambda field="": _("The pass would have ended already. Choose a later time."),
    "expiry_late": lambda field="", days=60: _(
        "A pass lasts at most %(days)s days longer than the event. Choose an earlier time.", days=days
    ),
    "settled_otherwise": lambda: _("A colleague has settled this scan already, in another way."),
    "nothing_to_settle": lambda: _("This scan is no longer in question."),
    "decision_impossible": lambda: _("This cannot be decided about this scan."),
    "link_expired": lambda: _("This link has expired. Ask for a new one."),
    # commands
    "hub": lambda: _("There is no such hub."),
    "event": lambda: _("There is no such event in this hub."),
    "hub_exists": lambda: _("There is a hub already. Further hubs and colleagues are made on the staff pages."),
    # hubs and staff
    "slug_taken": lambda field="": _("This address is taken. Choose another."),
    "slug_reserved": lambda field="": _("This address cannot be used. Choose another."),
    "already_staff": lambda: _("This person already works in the hub."),
    "last_owner": lambda: _("A hub needs at least one owner. Make somebody else owner first."),
    # pictures
    "picture_too_large": lambda megabytes=12: _(
        "The picture is too large: at most %(megabytes)s MB and 25 megapixels.", megabytes=megabytes
    ),
    "picture_unreadable": lambda: _("This file is no picture that we can read. Use JPEG, PNG, WebP or GIF."),
    "file_not_kept": lambda: _("The server cannot keep the file just now. Tell whoever runs it and try again later."),
    # registering
    "registration_closed": lambda openness="": _("Registration for this event is closed."),
    "already_registered": lambda registration_id=None: _("This address is already registered for the event."),
    "event_begun": lambda: _("The event has begun; this can no longer be changed here. Write to the hub."),
    "registration_ended": lambda: _("This registration has ended and can no longer be changed."),
    "not_waiting": lambda: _("This person is not waiting for a place."),
    "no_address": lambda: _("This person has no e-mail address."),
    # agendas and schedule files
    "empty_file": lambda: _("The file is empty."),
    "file_too_large": lambda limit=32: _("The file is larger than %(limit)s MB.", limit=limit),
    "broken_gzip": lambda: _("The file is packed with gzip but cannot be unpacked."),
    "unknown_format": lambda: _("This is neither a schedule.xml nor a schedule.json."),
    "other_format": lambda found="": _("This is %(found)s, not a schedule.xml or schedule.json.", found=found),
    "broken_xml": lambda line=0, column=0: _(
        "The XML is broken in line %(line)s, column %(column)s.", line=line, column=column
    ),
    "broken_json": lambda line=0, column=0: _(
        "The JSON is broken in line %(line)s, column %(column)s.", line=line, column=column
    ),
    "unsafe_xml": lambda: _("The XML declares entities, which are never expanded."),
    "too_deep": lambda: _("The file is nested too deeply."),
    "no_schedule": lambda: _("The file holds no schedule."),
    "too_many_sessions": lambda limit=0: _("The file holds more than %(limit)s sessions.", limit=limit),
    "too_many_elements": lambda limit=0: _("The file holds more than %(limit)s elements.", limit=limit),
    "too_many_days": lambda limit=0: _("The file holds more than %(limit)s days.", limit=limit),
    "zone_needed": lambda: _("Times are given without a time zone, and none is known."),
    "sessions_refused": lambda number=0: _("Sessions that cannot be read: %(number)s.", number=number),
    "start_missing": lambda: _("The start is missing."),
    "start_unreadable": lambda value="": _("The start “%(value)s” cannot be read.", value=value),
    "duration_missing": lambda: _("The duration is missing."),
    "duration_unreadable": lambda value="": _("The duration “%(value)s” cannot be read.", value=value),
    "not_a_session": lambda: _("This is not a session."),
    "text_cut": lambda field="", limit=0: _("A text was cut to %(limit)s characters.", limit=limit),
    "text_repaired": lambda: _("Broken characters in the XML were repaired."),
    "bytes_replaced": lambda encoding="": _(
        "The bytes do not fit the encoding %(encoding)s; some characters are lost.", encoding=encoding
    ),
    "key_repeated": lambda key="": _("The key %(key)s is written twice.", key=key),
    "rooms_misplaced": lambda: _("The rooms stand beside the conference, not in it."),
    "zone_unknown": lambda value="", field="": _("The time zone is unknown. Choose another."),
    "guid_repeated": lambda value="": _(
        "The guid %(value)s stands at several sessions; they are kept apart.", value=value
    ),
    "id_repeated": lambda value="": _("The id %(value)s stands at several sessions; they are kept apart.", value=value),
    "no_identity": lambda: _("Neither guid nor id; the session is recognised again by its title."),
    "start_disagrees": lambda value="": _("Date and start disagree; the date %(value)s is taken.", value=value),
    "after_midnight": lambda value="": _(
        "The start %(value)s is taken as after midnight, on the next day.", value=value
    ),
    "duration_disagrees": lambda value="": _(
        "Duration and end disagree; the duration %(value)s is taken.", value=value
    ),
    "duration_zero": lambda: _("The session has no length."),
    "duration_long": lambda value="": _("The session lasts longer than a day: %(value)s.", value=value),
    "room_disagrees": lambda value="": _(
        "The session names the room “%(value)s”; the room it stands in is taken.", value=value
    ),
    "language_unknown": lambda value="": _("“%(value)s” is not a language code.", value=value),
    "address_dropped": lambda value="": _("The address “%(value)s” is not a web address.", value=value),
    "speakers_cut": lambda limit=0: _("Only the first %(limit)s speakers were taken.", limit=limit),
    "entry_ignored": lambda: _("An empty entry was left out."),
    "no_sessions": lambda: _("The schedule holds no session."),
    "date_far": lambda number=0: _(
        "The event's one date now lasts %(number)s days, because the schedule "
        "lies far from it. Is this the right file?", number=number
    ),
    "outside_dates": lambda number=0: _("Sessions outside the dates of the event: %(number)s.", number=number),
    "schedule_empty": lambda number=0: _(
        "The file holds no session, but the agenda has %(number)s imported "
        "ones. They would all be cancelled.", number=number
    ),
    "schedule_without_sessions": lambda: _("The schedule holds no session, so no event can be made of it."),
    "schedule_without_name": lambda: _("The schedule has neither title nor acronym. Choose the event it belongs to."),
    "upload_gone": lambda: _("The file is no longer here. Choose it again."),
    "event_cancelled": lambda: _("The event is cancelled and takes no more changes."),
    "session_clashes": lambda clashes=(): _("The room or a speaker is wanted twice at this time."),
    "title_missing": lambda field="": _("Write the title."),
    "name_missing": lambda field="": _("Write the name."),
    "ends_before_start": lambda field="": _("The end lies before the beginning."),
    "room_elsewhere": lambda field="": _("This room belongs to another venue."),
    "track_elsewhere": lambda field="": _("This track belongs to another event."),
    "speaker_elsewhere": lambda field="": _("This speaker belongs to another hub."),
    "no_venue": lambda: _("The event has no venue yet. Choose one first, then its rooms can be added."),
    # events, programmes, venues
    "date_missing": lambda field="": _("An event needs at least one date."),
    "date_too_long": lambda field="", days=31: _(
        "One date lasts at most %(days)s days; make several dates.", days=days
    ),
    "too_many_dates": lambda most=60: _("An event has at most %(most)s dates.", most=most),
    "time_skipped": lambda time="": _(
        "%(time)s does not exist on this day: the clocks go forward. Choose another time.", time=time
    ),
    "year_out_of_range": lambda first=2000, last=2100: _(
        "Choose a year from %(first)s to %(last)s.", first=first, last=last
    ),
    "closes_before_opening": lambda field="": _("Registration cannot close before it opens."),
    "not_a_draft": lambda: _("The event is published already."),
    "not_published": lambda: _("Only a published event can be called off."),
    "event_over": lambda: _("The event is over."),
    "visibility_missing": lambda programme_id=None, missing=(): _(
        "An event of a funded programme must show who pays for it. Still missing:"
    ),
    "changed_meanwhile": lambda: _(
        "Somebody else changed the event while you were writing. Save again to put your version over it."
    ),
    # attendance
    "attendance_not_yet": lambda: _("This day has not come yet."),
    "attendance_not_today": lambda: _("This day is over; its closing time checked everybody out."),
    "times_needed": lambda: _("Nothing is held on this day. Write from when to when the person was there."),
    "attendance_in_future": lambda field="": _("This time has not come yet."),
    "attendance_time": lambda: _("Write a time such as 10:30."),
    "attendance_other_day": lambda field="": _("This time lies on another day."),
    # logs of online meetings
    "log_workbook": lambda: _("This is a workbook. Save it as CSV and choose that file."),
    "log_unknown": lambda: _("No line with the heads of name, joined and left was found in this file."),
    "log_without_times": lambda: _(
        "The file says how long people were there, but not when. Export the report with the times of joining."
    ),
    "log_too_long": lambda limit=5000: _("The file has more than %(limit)s rows.", limit=limit),
    "log_no_rows": lambda number=0: _("None of the rows could be read: %(number)s.", number=number),
    "log_known": lambda log_id=None: _("This file was read before. Its people are shown here."),
    "log_in_use": lambda: _("People of this log are matched. Match them with nobody first."),
    "log_nobody": lambda: _("Neither a name nor an e-mail address."),
    "log_time_missing": lambda: _("No time of joining."),
    "log_time_unreadable": lambda value="": _("The time “%(value)s” cannot be read.", value=value),
    "log_left_first": lambda: _("Left before joining."),
    "log_left_without_joining": lambda: _("Left without having joined."),
    "log_stay_too_long": lambda: _("Longer than a day."),
    "log_other_day": lambda value="": _("The event is not held on %(value)s.", value=value),
    "message_not_failed": lambda: _("This message did not fail."),
}


def words(error: DomainError) -> str:
    """The sentence for a refusal in the reader's language."""
    template = _WORDS.get(error.code)
    return template(**error.details) if template else _("This is not possible.")


def codes() -> frozenset[str]:
    """All codes that have words."""
    return frozenset(_WORDS)
