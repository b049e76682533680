"""What holds for every route: headers, cookies, caching, no writing by GET, and no POST without the form's token."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from hubevents.core.db import db
from tests import people
from tests.web import walk

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
DOOR_CSP = CSP.replace("script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'").replace("data:;", "data: blob:;")
FORMS = {"public.register", "organiser.sign_in", "organiser.ask_reset"}
"""Public pages that hold a form, and so a cookie."""
NOT_TYPED = {"opened", "version", "password", "again", "username", "act"}
"""Fields that a form need not show again, or must not."""


@pytest.fixture
def world(app: Flask) -> walk.World:
    return walk.world(app)


def asked(app: Flask, world: walk.World, client: Any, method: str = "GET") -> list[tuple[Any, str, Any]]:
    """Every GET route with its address and the answer to it."""
    return [
        (rule, path, client.open(path, method=method, buffered=True))
        for rule in walk.rules(app)
        if "GET" in walk.methods(rule)
        for path in walk.addresses(app, world, rule)
    ]


def test_every_page_is_there_and_says_how_browsers_must_treat_it(app: Flask, world: walk.World) -> None:
    wrong = []
    for rule, path, answer in asked(app, world, people.signed_in(app, "alice")):
        if answer.status_code not in (200, 302, 303):
            wrong.append((path, answer.status_code))
        door = rule.rule.startswith("/door/")
        feed = rule.endpoint == "feeds.personal"
        expected = {
            "Content-Security-Policy": DOOR_CSP if door else CSP,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer" if feed else "same-origin",
            "Permissions-Policy": f"camera={'(self)' if door else '()'}, microphone=(), geolocation=(), payment=()",
            "X-Frame-Options": "DENY",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Strict-Transport-Security": None,
            "Access-Control-Allow-Origin": None,
        }
        said = {name: answer.headers.get(name) for name in expected}
        wrong += [(path, name, said[name]) for name in expected if said[name] != expected[name]]
    assert wrong == []


def test_public_pages_set_no_cookie_and_those_of_a_link_are_kept_nowhere(app: Flask, world: walk.World) -> None:
    client = app.test_client()
    wrong = []
    for rule, path, answer in asked(app, world, client):
        access = app.view_functions[rule.endpoint].access.kind  # type: ignore[attr-defined]
        if access == "public" and rule.endpoint not in FORMS and "Set-Cookie" in answer.headers:
            wrong.append((path, answer.headers["Set-Cookie"]))
        if access == "link" and rule.endpoint != "feeds.personal":
            if answer.headers["Cache-Control"] != "no-store":
                wrong.append((path, answer.headers["Cache-Control"]))
            if "noindex" not in answer.headers.get("X-Robots-Tag", ""):
                wrong.append((path, "may be indexed"))
        if "Set-Cookie" in answer.headers and "public" in answer.headers.get("Cache-Control", ""):
            wrong.append((path, "a cookie in a shared cache"))
    assert wrong == []


def test_what_staff_see_is_kept_by_no_shared_cache(app: Flask, world: walk.World) -> None:
    wrong = [
        (path, answer.headers.get("Cache-Control"))
        for rule, path, answer in asked(app, world, people.signed_in(app, "alice"))
        if rule.rule.startswith("/organise/") and "public" in answer.headers.get("Cache-Control", "")
    ]
    assert wrong == []


def test_the_cookie_is_not_for_scripts_nor_for_other_sites(app: Flask, world: walk.World) -> None:
    answer = app.test_client().post(
        "/organise/sign-in", data={"email": "alice@example.org", "password": "correct horse"}
    )
    attributes = {part.strip().split("=")[0] for part in answer.headers["Set-Cookie"].split(";")[1:]}
    assert attributes == {"Expires", "HttpOnly", "Path", "SameSite"}
    assert "SameSite=Lax" in answer.headers["Set-Cookie"]


@pytest.mark.parametrize("name", ["alice", None])
def test_a_get_never_writes(app: Flask, world: walk.World, name: str | None) -> None:
    """Pages may be fetched by mail scanners, prefetched and crawled."""
    client = people.signed_in(app, name) if name else app.test_client()
    written: list[str] = []

    def note(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if statement.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE", "REPLACE", "MERGE")):
            written.append(statement)

    with app.app_context():
        engine = db.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        for method in ("GET", "HEAD"):
            asked(app, world, client, method)
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
    assert written == []


def test_head_answers_like_get_without_a_body(app: Flask, world: walk.World) -> None:
    client = people.signed_in(app, "alice")
    wrong = []
    for rule, path, got in asked(app, world, client):
        head = client.head(path, buffered=True)
        same = (head.status_code, head.content_type) == (got.status_code, got.content_type)
        if not same or head.data:
            wrong.append((rule.rule, head.status_code, head.content_type, len(head.data)))
    assert wrong == []


def another(app: Flask, path: str, method: str) -> bool:
    """Whether an address taken for this method is that of another route, as `/organise/reset/asked` is of a token."""
    try:
        app.url_map.bind("localhost").match(path, method)
    except RequestRedirect:
        return True
    except HTTPException:
        return False
    return True


def test_other_methods_are_refused_with_those_that_are_allowed(app: Flask, world: walk.World) -> None:
    client = people.signed_in(app, "alice")
    wrong = []
    for rule in walk.rules(app):
        for method in sorted({"GET", "POST", "PUT", "DELETE", "PATCH"} - walk.methods(rule)):
            path = walk.addresses(app, world, rule)[0]
            if another(app, path, method):
                continue
            answer = client.open(path, method=method, buffered=True)
            allowed = {word.strip() for word in answer.headers.get("Allow", "").split(",")}
            if answer.status_code != 405 or not walk.methods(rule) <= allowed:
                wrong.append((method, path, answer.status_code, allowed))
    assert wrong == []


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/feeds/nobody.ics", "GET"),
        ("/feeds/my/" + "x" * 32 + ".ics", "GET"),
        ("/feeds/my/x.exe", "GET"),
        ("/feeds/all.ics?include=x", "GET"),
        ("/feeds/all.ics", "POST"),
        ("/door/x/scans", "POST"),
        ("/door/x/scans", "GET"),
        ("/door/x/nothing", "GET"),
        ("/door/", "GET"),
    ],
)
def test_programs_are_refused_in_json(app: Flask, client: Any, path: str, method: str) -> None:
    people.cast(app)
    answer = client.open(path, method=method, json={"scans": []} if method == "POST" else None)
    assert answer.status_code in (400, 404, 405)
    assert (answer.content_type, answer.json["status"]) == ("application/json", answer.status_code)
    if method == "GET":
        assert client.head(path).content_type == "application/json"


@pytest.fixture
def guarded(app: Flask, world: walk.World) -> Any:
    """The application as it runs: every form needs its token."""
    clients = (people.signed_in(app, "alice"), app.test_client())
    app.config["WTF_CSRF_ENABLED"] = True
    yield clients
    app.config["WTF_CSRF_ENABLED"] = False


def test_no_form_is_taken_without_its_token_and_what_was_typed_is_shown_again(
    app: Flask, world: walk.World, guarded: Any
) -> None:
    alice, stranger = guarded
    before = walk.counts(app)
    wrong: list[Any] = []
    filled = 0
    for rule in walk.rules(app):
        if "POST" not in walk.methods(rule) or rule.endpoint == "door.scans":
            continue
        client = stranger if rule.endpoint in FORMS or not rule.endpoint.startswith("organiser.") else alice
        path = walk.addresses(app, world, rule)[0]
        page = client.get(path).text if "GET" in walk.methods(rule) else ""
        fields = walk.fields(page)
        if fields and not any(name.endswith("csrf_token") for name in fields):
            wrong.append((path, "a form without a token"))
        typed = {
            name: f"Написано {name}" if name.endswith(("name", "_bg", "title")) else value
            for name, value in fields.items()
        }
        for token in (None, "", "x" * 80):
            data = {key: value for key, value in typed.items() if not key.endswith("csrf_token")}
            answer = client.post(path, data=data if token is None else {**data, "csrf_token": token})
            if answer.status_code not in (400, 422):
                wrong.append((path, token, answer.status_code))
            if fields and rule.endpoint != "organiser.agenda_parts":  # several forms on one page: see test_agenda
                shown = walk.fields(answer.text)
                lost = {
                    name: value
                    for name, value in data.items()
                    if name not in ("opened", "version", "password", "again", "username", "act")
                    and shown.get(name) != value
                }
                if lost:
                    wrong.append((path, "lost", lost))
                filled += 1
    assert wrong == []
    assert filled >= 60
    assert walk.counts(app) == before


def test_the_doors_json_needs_no_token_but_its_content_type(app: Flask, world: walk.World, guarded: Any) -> None:
    path = f"/door/{world.tokens['door']}/scans"
    assert guarded[1].post(path, json={"scans": []}).status_code == 200
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        assert guarded[1].post(path, data='{"scans": []}', content_type=content_type).status_code == 415
