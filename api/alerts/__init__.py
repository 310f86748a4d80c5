"""Alerts over HTTP: making and changing them, and what those who are told can do without a login."""
