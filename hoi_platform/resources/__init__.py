"""What assets are given: fields and environment, turned into a service.

Belongs here: fields, their defaults from the environment, a method that makes the service. Does
not: effects; the service has them.
"""
