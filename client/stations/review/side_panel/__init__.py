"""What lies around a case: history, questionnaire, earlier reports, attachments."""
