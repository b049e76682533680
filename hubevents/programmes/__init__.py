"""Funded projects and series that group events: funding, visibility, targets."""
