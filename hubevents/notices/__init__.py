"""Who is told what, and how a row becomes a mail."""
