"""What pytest is not to look into."""

# test_fixtures.py compares the saved pages. web-poet's own plugin (0.24.1) would too, but ends the whole run of pytest
# (9.2) with an internal error where one differs.
collect_ignore = ["fixtures"]
