"""National offence texts put under the ICCS: suggestions with their probabilities, and people who decide."""
