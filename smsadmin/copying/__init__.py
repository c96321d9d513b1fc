"""Copying the database in use into another one, such as from SQLite to PostgreSQL.

addresses   the new database: opened beside the one in use, prepared, and refused where it does not fit
columns     one value: as it stands in the one database, and as the other one takes it
rows        all rows of all tables, in one transaction, each read back and compared
"""
