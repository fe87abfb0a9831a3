"""What the ledger says, read for whoever asks: of runs, releases, incidents, people."""
