"""HubEvents: event and training management for innovation hubs."""

__version__ = "0.1.0"
