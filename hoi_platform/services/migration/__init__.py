"""Carries over results of earlier versions: nothing is bought again or redone. Belongs here: how
earlier versions identified requests and artifacts, and the plan. Does not: printing it.
"""
