"""What happened to programmes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ProgrammeChanged:
    """Something shown of a programme changed: its title, emblem, statement or disclaimer."""

    programme_id: int
    hub_id: int
