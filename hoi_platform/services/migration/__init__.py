"""Carries results of earlier versions over: nothing is bought again, nothing redone.

Belongs here: how earlier versions identified things, and the plan. Does not: printing it.
"""
