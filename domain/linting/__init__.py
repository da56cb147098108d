"""What a report says against what is known: gaps, contradictions and impossible statements, by declared rules."""
