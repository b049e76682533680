"""Outbox rows and their delivery; composing lies above, in notices."""
