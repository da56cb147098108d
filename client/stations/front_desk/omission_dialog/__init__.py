"""What a client does not have done, on one small form."""
