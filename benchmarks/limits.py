"""What the machine can do at best: a bare Flask page, and the minimal SQL transaction of a registration."""

import multiprocessing
import os
import threading
import time
import uuid

import psycopg
from flask import Flask, render_template_string

_PAGE = """<!doctype html><title>{{ title }}</title><h1>{{ title }}</h1><ul>
{% for item in items %}<li><a href="/e/{{ item.id }}">{{ item.name }}</a> {{ item.when }}</li>{% endfor %}</ul>"""


def bare() -> Flask:
    """The factory of a Flask app with one template and no database."""
    app = Flask("bare")

    @app.get("/")
    def page() -> str:
        items = [{"id": n, "name": f"Събитие {n}", "when": "10:00"} for n in range(20)]
        return render_template_string(_PAGE, title="Събития", items=items)

    @app.get("/healthz")
    def healthz() -> str:
        return "ok"

    return app


def minimal_registration(url: str, event_id: int, *, seconds: float, connections: int = 8) -> tuple[float, float]:
    """Rate of `UPDATE event` plus four INSERTs and COMMIT from two processes, and the p95 in ms; rolls nothing back."""
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    workers = [
        context.Process(target=_insert, args=(url, event_id, seconds, connections // 2, queue)) for _ in range(2)
    ]
    for worker in workers:
        worker.start()
    found = [queue.get() for _ in workers]
    for worker in workers:
        worker.join()
    latencies = sorted(latency for part in found for latency in part)
    return len(latencies) / seconds, latencies[int(0.95 * len(latencies))] * 1000


def _insert(url, event_id, seconds, threads, queue):  # type: ignore[no-untyped-def]
    latencies: list[float] = []

    def work() -> None:
        mine = []
        with psycopg.connect(url) as connection:
            until = time.perf_counter() + seconds
            while time.perf_counter() < until:
                began = time.perf_counter()
                _one(connection, event_id, uuid.uuid4().hex)
                mine.append(time.perf_counter() - began)
        latencies.extend(mine)

    pool = [threading.Thread(target=work) for _ in range(threads)]
    for thread in pool:
        thread.start()
    for thread in pool:
        thread.join()
    queue.put(latencies)


def _one(connection: psycopg.Connection, event_id: int, key: str) -> None:
    """The statements without which no registration can be kept: participant, seat, registration, ticket, mail."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO participant (hub_id, email, language, feed_version, created_at) "
            "SELECT hub_id, %s, 'bg', 0, now() FROM event WHERE id = %s RETURNING id",
            (f"{key}@example.org", event_id),
        )
        participant = cursor.fetchone()[0]  # type: ignore[index]
        cursor.execute("UPDATE event SET seats_taken = seats_taken + 1 WHERE id = %s RETURNING waiting", (event_id,))
        cursor.execute(
            "INSERT INTO registration (event_id, participant_id, status, source, first_name, last_name, phone, "
            "position, organisation_name, organisation_number, search, language, link_version, created_at, changed_at, "
            "note) VALUES (%s, %s, 'confirmed', 'web', 'a', 'b', '', '', '', '', '', 'bg', 0, now(), now(), '') "
            "RETURNING id",
            (event_id, participant),
        )
        registration = cursor.fetchone()[0]  # type: ignore[index]
        cursor.execute(
            "INSERT INTO ticket (registration_id, version, code, issued_at) VALUES (%s, 1, %s, now())",
            (registration, key[:12]),
        )
        cursor.execute(
            "INSERT INTO outbox_message (about, kind, recipient, recipient_name, language, data, message_id, "
            "created_at, due_at, attempts, replaced) "
            "VALUES (%s, 'bench', 'a@example.org', '', 'bg', '{}', %s, now(), now(), 0, false)",
            (f"registration:{registration}", f"<{key}-{os.getpid()}@bench>"),
        )
    connection.commit()
