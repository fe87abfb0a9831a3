"""Room: prompting."""
