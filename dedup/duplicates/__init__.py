"""Pairs become matches with a relation, matches become clusters with a canonical article."""
