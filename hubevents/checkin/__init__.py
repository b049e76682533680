"""Doors, scans, verdicts and attendance."""
