"""Device tests: hypothesis without a deadline, the machine may be slow for a moment."""

from hypothesis import settings

settings.register_profile("devices", deadline=None, max_examples=80)
settings.load_profile("devices")
