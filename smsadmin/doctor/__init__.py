"""What `manage.py dbdoctor` does: examines an installation, fixes what is safe to fix, applies migrations.

`findings` defines checks and their results, `checkup` lists and runs the checks, `migrating` applies migrations, one
process at a time. Every other module holds the checks of one topic.
"""
