"""What a client's risks are, why the colour, and what would change them."""
