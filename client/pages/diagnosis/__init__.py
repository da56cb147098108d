"""How this workstation is, in plain words, and the bundle for who helps from afar."""
