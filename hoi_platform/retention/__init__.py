"""What is cleaned up every week: old runs and logs of Dagster, leftovers of killed processes.

Belongs here: what is too old, the job and its schedule. Does not: artifacts, which are removed by a
person's word alone.
"""
