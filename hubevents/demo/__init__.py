"""Builds the demo hub through the services."""
