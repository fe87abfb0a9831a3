"""What is shown of a system: duties, documents, deliberations, the dossier."""
