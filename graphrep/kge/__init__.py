"""Embedding of knowledge graphs: one core that scores by one product of rows."""
