"""The lines, where stages meet: read `request_path` and `release_loop` first."""
