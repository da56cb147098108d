"""Beginning a questionnaire: empty, from one or several that are at hand, or from licensed text."""
