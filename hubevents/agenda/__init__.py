"""Sessions, tracks and speakers of an event; schedules read from files."""
