"""What every flow stands on: the workspace, its people, its locks, its routing table."""
