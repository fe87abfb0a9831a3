"""Batches of a tenant: their files, their ids, how they stand, and when they end."""
