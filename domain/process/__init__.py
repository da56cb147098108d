"""The day of a checkup: packages and what they ask for, nodes of the process, who is where and what comes next."""
