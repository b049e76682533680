"""click commands; each calls one service. `__main__` puts them into the group around the application."""

from flask_migrate.cli import db

from hubevents.cli.backups import backup, restore
from hubevents.cli.checks import doctor
from hubevents.cli.doors import door
from hubevents.cli.first import init
from hubevents.cli.importing import imports
from hubevents.cli.running import run, worker

COMMANDS = (run, worker, init, doctor, backup, restore, imports, door, db)
