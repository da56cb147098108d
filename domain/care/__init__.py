"""Intervention plans: what a client is to do, when it was due, what was done, and what stands out."""
