"""A release reaches people step by step, as its evidence comes."""
