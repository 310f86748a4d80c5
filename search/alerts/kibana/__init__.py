"""Alerts that analysts make in Kibana: saved searches with the tag ``alert``, and rules with the index connector."""
