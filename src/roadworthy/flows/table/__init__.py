"""Observations as one table: kept, counted, judged."""
