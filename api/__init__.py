"""What is above the stages: questions as people ask them, and the HTTP API. The command line stands on it."""
