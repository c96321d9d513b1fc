"""Imports the database of the replaced system.

reading     the old file, which is never written to
values      one old row: its values converted to ours, and what had to be fixed
report      what became of each row
moving      how the rows of a table become ours, once
users, people, blasts, scheduled, surveys, inbox    the tables
importing   all of it, in one transaction
"""
