"""The configuration as frozen models: names and defaults of the reference, units in the fields."""
