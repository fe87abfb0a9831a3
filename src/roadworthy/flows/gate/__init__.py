"""What the gate judges by: rows, trials, comparisons, ratings."""
