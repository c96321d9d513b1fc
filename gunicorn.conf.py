"""Gunicorn's settings. Gunicorn reads this file from the directory it's started in."""

# Loads Django before any worker is forked, so that a bad setting stops the start with one line.
preload_app = True


def on_starting(server):
    from smsadmin.worker import webserver

    webserver.preload()


# With threads, a long upload over a slow connection only blocks one of them, and never looks like a dead worker.
worker_class = "gthread"
workers = 2
threads = 4
timeout = 60
graceful_timeout = 20
keepalive = 5
control_socket_disable = True
# No header sets a WSGI variable of the same name. By default, SCRIPT_NAME and PATH_INFO do, and any client behind a
# proxy could send them. Serving under a path prefix isn't supported.
forwarder_headers = ""
header_map = "drop"
logger_class = "smsadmin.worker.webserver.UtcLogger"
