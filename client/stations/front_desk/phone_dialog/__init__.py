"""The code that a client scans to go on with a questionnaire on the phone."""
