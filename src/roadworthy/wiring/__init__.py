"""The composition root: the only floor that names concrete classes for the lines."""
