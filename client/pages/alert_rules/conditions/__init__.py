"""Further conditions of a rule, put together of the fields of what it watches."""
