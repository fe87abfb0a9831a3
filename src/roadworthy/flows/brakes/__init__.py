"""Stops: by hand and by what was found, first in force and then entered."""
