"""Alerts: queries that are asked of everything new, and what they find told once.

:mod:`search.alerts.alert` says what an alert is, :mod:`search.alerts.match` finds and tells,
:mod:`search.alerts.channels` is where it is told.
"""
