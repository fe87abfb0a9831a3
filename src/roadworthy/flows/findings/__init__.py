"""What others found or made: campaigns, findings, results and evidence from elsewhere."""
