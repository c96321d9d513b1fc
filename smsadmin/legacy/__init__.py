"""Moving in: the database of the replaced system is read, and its rows become ours.

reading     the old file, which is never written to
values      one old row: its values as ours would be, and what had to be mended for that
report      what became of each row
moving      how the rows of a table become ours, once
users, people, blasts, scheduled, surveys, inbox    the tables
importing   all of it, in one transaction
"""
