"""`run` (server and jobs in one process) and `worker` (jobs only)."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import TextIO

import click
from flask import Flask, current_app
from flask.cli import ScriptInfo, with_appcontext

from hubevents.cli import server
from hubevents.core import config, log, schema
from hubevents.core.config import ConfigError, Settings
from hubevents.demo import mark
from hubevents.demo import service as demo_hub
from hubevents.jobs import service as jobs


@click.command("run")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help=f"Port to listen on.  [default: {server.DEFAULT_PORT}, or the next free one]",
)
@click.option("--demo", is_flag=True, help="Show the demo hub; mail goes to /demo/mail instead of being sent.")
@click.pass_context
def run(ctx: click.Context, host: str, port: int | None, demo: bool) -> None:
    """Run the server and its jobs in one process.

    Brings the database's schema up to date first. This is all that a hub on one machine needs.
    """
    log.init_logs(plain=sys.stderr.isatty())
    settings = config.load(demo=demo)
    if settings.base_url is None and not server.is_loopback(host):
        raise ConfigError("HUBEVENTS_BASE_URL is required when --host is not loopback.")
    if demo:
        mark.refuse_foreign(settings.instance)
    listener = server.listen(host, port)
    with listener, contextlib.ExitStack() as held:
        address = server.address_of(listener, host)
        create_app = ctx.ensure_object(ScriptInfo).create_app
        assert create_app is not None
        sign_ins: dict[str, str] = {}
        if demo:
            app, sign_ins = _demo_app(create_app, settings, address, private=server.is_loopback(host))
        else:
            app = create_app(settings)
            with app.app_context():
                schema.upgrade()
        held.enter_context(_server_lock(settings))
        if settings.base_url is None:
            config.write_address(settings.instance, address)
            # Nobody but this machine can come, and under no other name: a page that rebinds its DNS name is refused.
            app.config["TRUSTED_HOSTS"] = [*config.LOOPBACK, "[::1]", host]
        server.stop_on_signals(server.leave)
        with contextlib.suppress(SystemExit):  # a signal before the server's own loop catches it
            _greet(settings.base_url or address, address, sign_ins)
            stop_jobs = jobs.start(app)
            try:
                server.make(app, listener, settings.proxy_hops).run()
            finally:
                stop_jobs()
    click.echo("Stopped.")


def _demo_app(
    create_app: Callable[..., Flask], settings: Settings, address: str, *, private: bool
) -> tuple[Flask, dict[str, str]]:
    """The application on the demo hub, made anew when too old, and the sign-ins with their passwords."""
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(schema.file_lock(settings.instance / schema.SERVER_LOCK, wait=False))
            make = not mark.is_fresh(settings.instance)
        except BlockingIOError:
            make = False  # another process serves this demo: what it stands on is not taken away
        if make:
            click.echo("Making the demo hub ...")
            mark.begin(settings.instance)
            if settings.base_url is None:
                config.write_address(settings.instance, address)  # the demo's mails are composed while it is made
        app = create_app(settings)
        with app.app_context():
            schema.upgrade()
            if make:
                demo_hub.build(mark.PASSWORD)
                mark.finish(settings.instance)
            return app, demo_hub.sign_ins(private=private)


@contextlib.contextmanager
def _server_lock(settings: Settings) -> Iterator[TextIO]:
    try:
        lock = schema.hold_server_lock(settings.instance)
    except BlockingIOError as error:
        raise ConfigError("A restore is running in this instance folder: wait until it ends.") from error
    with lock:
        yield lock


def _greet(address: str, bound: str, sign_ins: dict[str, str]) -> None:
    click.echo(f"\n  HubEvents runs at {address}/" + (f" (listening on {bound})" if address != bound else ""))
    if sign_ins:
        click.echo(f"  Mail of the demo:  {address}/demo/mail")
        click.echo(f"  Staff sign in at   {address}/organise/")
        for email, password in sign_ins.items():
            click.echo(f"    {email:<24} {password}")
    click.echo("  Ctrl+C stops it.\n")


@click.command("worker")
@click.option(
    "--no-periodic",
    is_flag=True,
    help="Leave the periodic sweeps to another worker; one of several must keep them.",
)
@with_appcontext
def worker(no_periodic: bool) -> None:
    """Run the jobs without a web server, beside gunicorn or granian."""
    log.init_logs(plain=sys.stderr.isatty())
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    schema.require_current()
    with _server_lock(app.extensions["settings"]), server.signals_held() as wait_for_signal:
        stop_jobs = jobs.start(app, periodic=not no_periodic)
        try:
            click.echo("Worker runs." + (" Periodic sweeps are left to another." if no_periodic else ""))
            wait_for_signal()
        finally:
            stop_jobs()
    click.echo("Stopped.")
