"""Cohort studies: setting up, subjects, consent, tubes expected, deadlines."""
