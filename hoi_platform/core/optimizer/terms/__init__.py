"""The terms of the objective, one file each, and the table that names them.

Belongs here: terms, their parameters, the table. Does not: weights, which the configuration has;
phases of the descent.
"""
