"""`python -m smsadmin.webserver ARGUMENTS`: gunicorn, except that it stops with the process that started it.

`manage.py serve` runs this. Under systemd, `gunicorn smsadmin.wsgi` is enough. Both read gunicorn.conf.py.
"""

from gunicorn.app.wsgiapp import run  # type: ignore[import-untyped]

from .lifeline import stop_when_cut

if __name__ == "__main__":
    stop_when_cut()
    run()
