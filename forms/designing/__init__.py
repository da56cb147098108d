"""Making a questionnaire: its outline, changed step by step, what is wrong with it, composites. No Qt."""
