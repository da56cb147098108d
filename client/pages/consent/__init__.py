"""Signing a consent: exactly the document that will be sealed at the left, who signs and the hand at the right."""
