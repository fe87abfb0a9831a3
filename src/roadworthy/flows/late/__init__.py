"""What is looked at once an answer has left, in an evaluation as on the road."""
