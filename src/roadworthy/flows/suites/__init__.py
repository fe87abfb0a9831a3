"""Suites that grow: cases that are proposed, settled by people, kept."""
