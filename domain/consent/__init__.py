"""Informed consent: versioned documents, who agreed to what and until when, and the one question every use asks."""
