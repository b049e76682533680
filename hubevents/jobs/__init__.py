"""Background work: a queue that only hints; rows in the database are the truth."""
