"""Every route declares who may use it, and the declaration holds for strangers and for every role."""

from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule

from hubevents.core.db import db
from hubevents.core.errors import NotAllowed
from hubevents.hubs.models import Hub
from hubevents.hubs.rules import Role, may
from hubevents.web import access
from tests import make, people


def rules_of(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"]


def filled(app: Flask, rule: Rule) -> str:
    """An address of a rule in the hub zagore, whatever its other values are."""
    values = {"hub": "zagore", "lang": "bg", "form": "csv", "token": "x", "event": "x", "programme": "x"}
    with app.test_request_context():
        adapter = app.create_url_adapter(None) or app.url_map.bind("localhost")
        given = {name: values.get(name, 1) for name in rule.arguments}
        return adapter.build(rule.endpoint, given, method=next(iter(methods(rule))))


def methods(rule: Rule) -> set[str]:
    return (rule.methods or set()) - {"HEAD", "OPTIONS"}


def test_no_route_forgot_to_declare_its_access(app: Flask) -> None:
    forgot = [rule.rule for rule in rules_of(app) if getattr(app.view_functions[rule.endpoint], "access", None) is None]
    assert forgot == []


def test_everything_under_organise_with_a_hub_is_for_its_staff(app: Flask) -> None:
    kinds = {
        app.view_functions[rule.endpoint].access.kind  # type: ignore[attr-defined]
        for rule in rules_of(app)
        if rule.rule.startswith("/organise/<slug:hub>")
    }
    assert kinds == {"staff"}


def test_a_route_that_forgot_answers_nobody(app: Flask) -> None:
    with app.test_request_context("/healthz"):
        view = app.view_functions["public.healthz"]
        kept = view.access  # type: ignore[attr-defined]
        del view.access  # type: ignore[attr-defined]
        try:
            with pytest.raises(NotAllowed):
                access._enforce()
        finally:
            view.access = kept  # type: ignore[attr-defined]


def test_without_signing_in_every_staff_page_leads_to_the_sign_in(app: Flask, client: Any) -> None:
    people.cast(app)
    open_doors = []
    for rule in rules_of(app):
        if app.view_functions[rule.endpoint].access.kind not in ("staff", "signed_in"):  # type: ignore[attr-defined]
            continue
        for method in methods(rule):
            answer = client.open(filled(app, rule), method=method)
            if answer.status_code != 303 or not answer.location.startswith("/organise/sign-in"):
                open_doors.append((method, rule.rule, answer.status_code))
    assert open_doors == []


@pytest.mark.parametrize("role", [Role.DOOR, Role.REPORTER, Role.ORGANISER])
def test_a_role_is_refused_exactly_what_it_may_not_do(app: Flask, role: Role) -> None:
    people.cast(app)
    with app.app_context():
        hub = db.session.query(Hub).filter_by(slug="zagore").one()
        make.user("dana", hub, role)
    client = people.signed_in(app, "dana")
    wrong = []
    for rule in rules_of(app):
        declared = app.view_functions[rule.endpoint].access  # type: ignore[attr-defined]
        if declared.kind != "staff":
            continue
        for method in methods(rule):
            refused = client.open(filled(app, rule), method=method).status_code == 403
            if refused is may(role, declared.action):
                wrong.append((method, rule.rule, refused))
    assert wrong == []
