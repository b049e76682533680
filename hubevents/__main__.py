"""The console script `hubevents`: a Flask CLI group around the application."""

import sys

from hubevents.cli import cli
from hubevents.core.config import ConfigError


def main() -> None:
    """Runs a command; a bad setting is one line and exit status 2."""
    try:
        cli(prog_name="hubevents")
    except ConfigError as error:
        print(f"hubevents: {error}", file=sys.stderr)  # noqa: T201 - the console is where this is read
        sys.exit(2)


if __name__ == "__main__":
    main()
