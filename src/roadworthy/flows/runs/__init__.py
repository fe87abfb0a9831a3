"""Runs: cases asked, of a candidate, of a judge, by a tool that is not ours."""
