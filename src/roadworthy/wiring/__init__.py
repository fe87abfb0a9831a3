"""Room: wiring."""
