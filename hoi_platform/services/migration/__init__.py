"""Carrying results of earlier versions over: what was bought stays bought, what was done stays done.

Belongs here: how earlier versions identified things, and the plan. Does not: printing it.
"""
