"""Service packages that clients buy on their phone: offered, ordered, paid, paid back."""
