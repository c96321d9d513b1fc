"""What `manage.py dbdoctor` does: examine an installation, mend what is safe to mend, apply migrations.

`findings` says what a check and its result are, `checkup` lists the checks and runs them, `migrating` applies
migrations, one process at a time. Every other module is the checks of one topic.
"""
