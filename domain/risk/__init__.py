"""What may become of a client: disease risks by published models, and the four-colour level."""
