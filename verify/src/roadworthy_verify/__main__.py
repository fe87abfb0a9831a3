"""`python -m roadworthy_verify`."""

from .command import main

main()
