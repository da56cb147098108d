"""HL7 v2: framing, messages, acknowledgments and the mapping of results."""
