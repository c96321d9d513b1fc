"""Copies the database in use into another one, such as from SQLite to PostgreSQL.

addresses   the new database: opened alongside the one in use, prepared, and rejected if it doesn't fit
columns     one value: as stored in one database, and as the other one accepts it
rows        all rows of all tables, in one transaction, each read back and compared
"""
