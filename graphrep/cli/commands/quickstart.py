"""``graphrep quickstart``: a medical taxonomy of 47,000 codes becomes a map."""
