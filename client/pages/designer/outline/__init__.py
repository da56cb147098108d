"""The outline of a questionnaire."""
