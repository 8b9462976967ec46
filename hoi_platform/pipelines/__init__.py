"""The reference's command lines, over the same assets as the web page.

Belongs here: the reference's flags and what they mean here. Does not: stages; they are the same
assets as on the page.
"""
