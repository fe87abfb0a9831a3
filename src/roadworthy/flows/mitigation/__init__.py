"""What a breach does to a running system, by itself or by two people."""
