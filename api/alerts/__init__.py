"""What those who are told by an alert can do without a login."""
