"""Hubs, their staff and what each role may do."""
