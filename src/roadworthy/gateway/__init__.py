"""Room: gateway."""
