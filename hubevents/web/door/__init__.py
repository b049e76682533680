"""The scanner at the door and its JSON."""
