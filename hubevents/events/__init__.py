"""Events, their dates, venues and rooms."""
