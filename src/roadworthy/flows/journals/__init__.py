"""What becomes of journals: sealed, exported, held, erased, read by people."""
