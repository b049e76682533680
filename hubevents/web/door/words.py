"""The texts of the scanner, handed to its JavaScript as one JSON; `{name}` and the like are filled in there."""

from flask_babel import gettext as _

Words = dict[str, str]


def verdicts() -> dict[str, dict[str, str]]:
    """Title and advice for each verdict and each reason of DESIGN 6."""
    return {
        "admitted": {"title": _("Welcome, {first}!"), "note": ""},
        "provisional": {
            "title": _("May come in"),
            "note": _("The ticket is genuine, but newer than the list of this phone ({list})."),
        },
        "overridden": {"title": _("Let in: {first}"), "note": _("With a reason, kept for the organiser.")},
        "left": {"title": _("Goodbye, {first}!"), "note": _("Left at {time}.")},
        "already_in": {
            "title": _("Already in since {time}, {door}"),
            "note": _("If somebody else holds this ticket, call the organiser."),
        },
        "undone": {"title": _("Taken back"), "note": _("The scan does not count any more.")},
        "cancelled": {"title": _("Registration cancelled"), "note": _("Send the person to the organiser.")},
        "waitlisted": {"title": _("On the waiting list"), "note": _("There is no place for this person yet.")},
        "pending": {"title": _("Not approved yet"), "note": _("The organiser has not confirmed this registration.")},
        "declined": {"title": _("Registration declined"), "note": _("Send the person to the organiser.")},
        "expired": {"title": _("Registration expired"), "note": _("The offered place was not taken in time.")},
        "replaced": {
            "title": _("A newer ticket exists"),
            "note": _("Ask for the ticket in the newest mail."),
        },
        "wrong_event": {"title": _("Ticket for another event"), "note": _("It is for: {other}")},
        "wrong_date": {"title": _("The ticket is for {date}"), "note": "{other}"},
        "wrong_session": {"title": _("No place in this session"), "note": _("Chosen: {other}")},
        "not_yet": {"title": _("Too early"), "note": _("This entrance opens on {opens}.")},
        "closed": {"title": _("The entrance is closed"), "note": _("It closed at {closed}.")},
        "event_cancelled": {"title": _("The event is cancelled"), "note": _("Nobody is admitted.")},
        "full": {"title": _("The room is full"), "note": _("Wait until somebody leaves.")},
        "not_inside": {"title": _("Was not inside"), "note": _("There is no entry to end.")},
        "unknown": {"title": _("Unknown code"), "note": _("Check the code, or ask for the ticket in the mail.")},
        "forged": {"title": _("Not a genuine ticket"), "note": _("The code was changed. Call the organiser.")},
        "not_a_ticket": {
            "title": _("Not a ticket of ours"),
            "note": _("This is another kind of code. Ask for the ticket in the mail."),
        },
        "erased": {"title": _("No such registration any more"), "note": _("Its data were deleted.")},
        "quarantined": {
            "title": _("This scanner was switched off"),
            "note": _("The organiser has ended this pass. Nobody is admitted with it."),
        },
        "bad_item": {"title": _("That did not work"), "note": _("Scan again, or type the code.")},
        "waiting": {
            "title": _("No answer from the server"),
            "note": _("The scan is kept and will be sent by itself. Check the name on the ticket."),
        },
    }


def page() -> Words:
    """Everything else that the scanner says."""
    return {
        "aim": _("Point at the QR code"),
        "asking": _("Allow the camera in the question of the browser"),
        "starting": _("The camera is starting"),
        "back": _("Back to the camera in {n} s"),
        "held": _("Stays until you press"),
        "undo": _("Undo ({n} s)"),
        "admit": _("Let in"),
        "kept_here": _("No connection: kept on this phone and sent later."),
        "waits": _("waits to be sent"),
        "aim_kiosk": _("Hold your ticket before the camera"),
        "kiosk_help": _("Please turn to our colleagues at the entrance."),
        "list_from": _("List of {time}"),
        "list_about": _("{n} people on the list, as of {time}."),
        "no_list": _("The list is not here yet. It comes with the next connection."),
        "three_letters": _("Type at least three letters of the name, the organisation or the e-mail address."),
        "found_one": _("1 match for “{query}”"),
        "found_many": _("{n} matches for “{query}”"),
        "found_none": _("Nobody found for “{query}”"),
        "inside_since": _("inside since {time}"),
        "not_here": _("not inside"),
        "went_out": _("went out"),
        "out_mode": _("Going out"),
        "as_speaker": _("Speaker"),
        "as_staff": _("Staff"),
        "as_guest": _("Guest"),
        "as_press": _("Press"),
        "keeps_nothing": _("Keeps nothing"),
        "no_storage": _(
            "This browser keeps nothing: without a connection it cannot scan. "
            "Open the address in an ordinary window, not a private one."
        ),
        "storage_full": _(
            "The storage of this phone is full: the scan could not be kept. Free some space and scan again."
        ),
        "missing": _("The event asks for: {fields}"),
        "national_id": _("This looks like a personal number (ЕГН). We never ask for it. Please take it out."),
        "field_organisation": _("Organisation"),
        "field_phone": _("Phone"),
        "field_position": _("Position"),
        "forgotten": _("This phone has forgotten the entrance. To scan again, open its code anew."),
        "forget_waiting": _("{n} scans have not been sent yet and will be lost."),
        "hold": _("Hold"),
        "released": _("Do not hold"),
        "online": _("Connected"),
        "offline": _("No connection"),
        "waiting_one": _("1 scan waits"),
        "waiting_many": _("{n} scans wait"),
        "torch_on": _("Light"),
        "torch_off": _("Light off"),
        "no_code_in_photo": _("There is no QR code in this picture. Hold the camera closer and straight."),
        "ago_now": _("A moment ago, {device}"),
        "ago_minutes": _("{n} min ago, {device}"),
        "this_device": _("this entrance"),
        "ended": _("This pass has ended. Ask the organiser for a new one."),
        "insecure": _(
            "The browser gives the camera to pages over https only. Ask for the https address of this page, "
            "type the code, or choose a photo."
        ),
        "denied": _(
            "The camera is blocked for this page. Allow it in the settings of the browser (the lock near its address) "
            "and press “Try again”. Or type the code."
        ),
        "none": _("This device has no camera. Type the code, choose a photo, or use a hand scanner."),
        "busy": _("Another app is using the camera. Close it and press “Try again”. Or type the code."),
        "broken": _("The camera does not start. Press “Try again”, reload the page, or type the code."),
        "no_decoder": _("The reader of QR codes could not be loaded. Reload the page, or type the code."),
    }
