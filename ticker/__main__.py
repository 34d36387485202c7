"""`python -m ticker` does what the `ticker` command does."""

from ticker.cli import main

main()
