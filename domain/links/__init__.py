"""Links by which a client opens one thing of his own on a phone: a questionnaire to go on with, a report to read."""
