"""iCalendar values, feeds and invites."""
