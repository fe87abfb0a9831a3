"""Benchmarks: rerunnable, each prints a table and `--json`."""
