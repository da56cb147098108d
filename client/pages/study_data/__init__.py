"""A study's data: what of it leaves and as what at the left, what that is at the right, its statistics below."""
