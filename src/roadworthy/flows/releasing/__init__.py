"""A release: built, signed, let in; its models and what people decided of it."""
