"""What is decided before money is spent, as assets on the page.

Belongs here: plans of purchases. Does not: stages of a clip, the purchases themselves.
"""
