"""Giving a questionnaire to the clients of a list: whom, which one, until when; who was left out and why."""
