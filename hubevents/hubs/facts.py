"""What happened to hubs."""

from dataclasses import dataclass


@dataclass(frozen=True)
class HubChanged:
    """Something shown of a hub changed."""

    hub_id: int
