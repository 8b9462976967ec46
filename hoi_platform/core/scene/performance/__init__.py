"""Procedural performances: a person who stands at a table and handles the object on it."""
