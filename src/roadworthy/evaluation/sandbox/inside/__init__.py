"""What runs on the other side: programs on the standard library alone, without this package.

Enters: a job on standard input. Leaves: one line that says whether the process is confined, then
what the job found. What never happens here: a line of foreign code before the confinement holds,
or an import of anything else of ours.
"""
