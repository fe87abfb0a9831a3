"""Brakes and rails tried on the gateway that runs."""
