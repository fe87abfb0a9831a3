"""Room: incidents."""
