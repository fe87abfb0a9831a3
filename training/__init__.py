"""Training of what the project ships with weights; not part of the installed package."""
