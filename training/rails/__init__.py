"""Trains and measures the rails of the model tier (`python -m training.rails`)."""
