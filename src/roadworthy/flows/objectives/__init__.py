"""Objectives at run time: over live answers, window by window."""
