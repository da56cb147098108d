"""Tools for tests, training and the demonstration; the product itself does not need them."""
