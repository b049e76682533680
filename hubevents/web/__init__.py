"""All HTTP: one folder per audience; `init_web` puts them together."""

from flask import Flask

from hubevents.core.config import Settings
from hubevents.web import access, browser, context, demo_mailbox, errors, headers, limits, locale, proxies
from hubevents.web.door import views as door
from hubevents.web.feeds import views as feeds
from hubevents.web.forms import csrf
from hubevents.web.organiser.blueprint import blueprint as organiser
from hubevents.web.participant import views as participant
from hubevents.web.public import views as public


def init_web(app: Flask, settings: Settings) -> None:
    """Registers extensions, guards and blueprints."""
    proxies.init_proxies(app, settings)
    locale.init_locale(app)
    browser.init_browser(app)
    csrf.init_app(app)
    limits.init_limits(app, settings)
    access.init_access(app)
    errors.init_errors(app)
    headers.init_headers(app, settings)
    context.init_context(app)
    for blueprint in (public.blueprint, participant.blueprint, organiser, door.blueprint, feeds.blueprint):
        app.register_blueprint(blueprint)
    if settings.demo:
        app.register_blueprint(demo_mailbox.blueprint)
