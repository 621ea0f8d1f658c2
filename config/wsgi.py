import os
import sys

from django.core.checks import run_checks
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("DB_POOL", "1")

GUNICORN_GIVE_UP = 3  # with any other status gunicorn starts the process again, for ever

application = get_wsgi_application()
if errors := [message for message in run_checks() if message.is_serious()]:
    # manage.py runs the checks before every command; a web server has to do it itself.
    sys.stderr.write("\n".join(["Aussitôt does not start:", *map(str, errors), ""]))
    sys.exit(GUNICORN_GIVE_UP)
