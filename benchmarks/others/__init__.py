"""Other tools doing the same work: each module is a program that reads addresses, a line each, from a file."""
