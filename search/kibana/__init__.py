"""What Wirewatch puts into Kibana, and how."""
