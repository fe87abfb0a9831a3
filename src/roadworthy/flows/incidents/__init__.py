"""An incident from its opening to its end, and who is told of it."""
