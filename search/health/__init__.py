"""The health of the sources: measured run by run, judged against what is usual, told to the operator once a day."""
