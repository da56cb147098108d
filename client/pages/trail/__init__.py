"""Who did what and when: the audit as a picture of people and times, and line by line."""
