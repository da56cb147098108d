"""Questionnaires that an institution makes itself: drafts, and exact versions published to chosen branches."""
