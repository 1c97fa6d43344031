"""Honest, fast, safe research briefs from school software pilots."""
