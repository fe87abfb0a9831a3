"""The rounds of the control process over what left."""
