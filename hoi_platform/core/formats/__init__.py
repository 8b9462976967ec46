"""What is inside the files of artifacts, and where they are.

Belongs here: the table of artifacts; models of files with their reading and writing. Does not:
staging, records, locks (``services.artifacts``).
"""
