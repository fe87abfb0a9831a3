"""What people learn of an incident: whom it reached, what is reported, what is triaged."""
