"""The door for browsers: pages. Beside `gateway`, under `cli`; no stage knows HTML."""
