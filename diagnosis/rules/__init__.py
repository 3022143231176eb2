"""Rules as data: the action library, how to read each gap, and the sources behind both."""
