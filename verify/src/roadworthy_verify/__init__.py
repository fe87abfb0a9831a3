"""Verify a Roadworthy ledger, release or bundle offline."""
