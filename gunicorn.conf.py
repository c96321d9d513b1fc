"""Settings of gunicorn, which reads this file from the directory that it is started in."""

# The settings are read before any worker is forked, so that a bad one ends the start with its one line.
preload_app = True


def on_starting(server):
    from smsadmin.worker import webserver

    webserver.load_ahead()


# Threads: the upload of a long list over a slow line holds up one of them, and never looks like a dead worker.
worker_class = "gthread"
workers = 2
threads = 4
timeout = 60
graceful_timeout = 20
keepalive = 5
control_socket_disable = True
# No header becomes a part of WSGI's environment under its own name: by default SCRIPT_NAME and PATH_INFO do, and
# any client behind a proxy may send them. Sub-paths are not supported.
forwarder_headers = ""
header_map = "drop"
logger_class = "smsadmin.worker.webserver.UtcLogger"
