"""Cohort studies: the protocol, who belongs to it, whom it follows, and what it expects of each visit."""
