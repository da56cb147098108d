"""The rules of the four colours, for an administrator: looked at, changed, tried out, published."""
