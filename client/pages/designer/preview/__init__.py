"""The questionnaire as it would be filled in."""
