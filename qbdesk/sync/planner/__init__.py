"""The planner: from a paid invoice and all that is known, the next thing to do. No I/O here."""
