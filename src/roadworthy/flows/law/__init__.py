"""What the law asks of a system: catalogues, answers, the class, and who said so."""
