"""Single inputs of the designer's properties."""
