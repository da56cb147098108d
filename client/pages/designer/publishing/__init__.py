"""The dialog that puts a questionnaire into use."""
