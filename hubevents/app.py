"""The application factory: settings, extensions, reactions, jobs, blueprints; nothing else."""

import re
import sys
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit
from wsgiref.headers import Headers

from flask import Flask
from jinja2 import StrictUndefined
from whitenoise import WhiteNoise

from hubevents import reactions, work
from hubevents.core import assets, config, log, schema, tokens, vocabulary
from hubevents.core.config import ConfigError, Settings
from hubevents.core.db import init_db
from hubevents.jobs import service as jobs
from hubevents.web import headers, init_web, proxies

_HASHED = re.compile(r"\.[0-9a-f]{10}\.")


def create_app(settings: Settings | None = None) -> Flask:
    """The application of an installation; without settings they are read from the environment."""
    settings = settings or config.load()
    root = assets.root()
    app = Flask(
        "hubevents",
        template_folder=str(root / "templates"),
        static_folder=str(root / "static"),
        static_url_path="/static",
        instance_path=str(settings.instance),
    )
    app.config.update(
        SECRET_KEYS=settings.secret_keys,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=_engine_options(settings),
        MAX_CONTENT_LENGTH=1024 * 1024,
        MAX_FORM_MEMORY_SIZE=600_000,
        MAX_FORM_PARTS=2_000,
        PERMANENT_SESSION_LIFETIME=timedelta(days=14),
        SESSION_COOKIE_NAME="hubevents",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.https,
        WTF_CSRF_TIME_LIMIT=None,
        TRUSTED_HOSTS=[urlsplit(settings.base_url).hostname] if settings.base_url else None,
        TEMPLATES_AUTO_RELOAD=False,
    )
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.extensions["settings"] = settings
    app.extensions["reactions"] = reactions.REACTIONS
    with app.app_context():
        app.secret_key = tokens.keys("session")[0]
        app.config["SECRET_KEY_FALLBACKS"] = list(tokens.keys("session")[1:])
        app.config["WTF_CSRF_SECRET_KEY"] = tokens.signing_keys("form")
    app.extensions["vocabularies"] = vocabulary.load(settings.instance / "vocabularies")
    init_db(app)
    schema.init_schema(app)
    jobs.init_jobs(app, work.JOBS, settings.queue_url)
    init_web(app, settings)
    app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]
        app.wsgi_app,
        root=str(root / "static"),
        prefix="/static/",
        allow_all_origins=False,
        add_headers_function=_file_headers(settings),
        immutable_file_test=lambda path, url: bool(_HASHED.search(url)),
        mimetypes={".wasm": "application/wasm", ".webmanifest": "application/manifest+json"},
    )
    return app


def _file_headers(settings: Settings) -> Callable[[Headers, str, str], None]:
    """What files need of the headers of `web.headers`; whitenoise answers before Flask."""

    def add(said: Headers, path: str, url: str) -> None:
        said["X-Content-Type-Options"] = "nosniff"
        if settings.https:
            said["Strict-Transport-Security"] = headers.TRANSPORT

    return add


def _engine_options(settings: Settings) -> dict[str, object]:
    told = {"hide_parameters": True}  # a failed statement's values are people's data, and exceptions are logged
    if settings.database_url.startswith("sqlite"):
        return {**told, "connect_args": {"timeout": 20}}
    return {**told, "pool_size": 10, "max_overflow": 10, "pool_recycle": 1800}


def serve() -> Flask:
    """The application for gunicorn or granian: refuses an old schema, and holds the lock that `restore` respects."""
    log.init_logs()
    try:
        settings = config.load()
        if settings.base_url is None:
            raise ConfigError("HUBEVENTS_BASE_URL is required behind a server of its own.")
        app = create_app(settings)
        with app.app_context():
            schema.require_current()
        app.extensions["server_lock"] = schema.hold_server_lock(settings.instance)
    except BlockingIOError:
        sys.exit("hubevents: a restore is running in this instance folder")
    except ConfigError as error:
        sys.exit(f"hubevents: {error}")
    proxies.believe(app, settings.proxy_hops)
    return app
