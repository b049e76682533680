"""Registrations, participants, tickets, the waiting list and consents."""
