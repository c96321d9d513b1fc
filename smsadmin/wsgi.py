"""The WSGI entry point that gunicorn serves: `gunicorn smsadmin.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smsadmin.settings")

application = get_wsgi_application()
