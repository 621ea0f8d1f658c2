"""The product's settings, the benchmarks' own table and tasks, and django-q2 as it comes where STOCK=1."""

import os

from config.settings import *  # noqa: F403

SECRET_KEY = "only-for-benchmarks"
ALLOWED_HOSTS = ["testserver", "127.0.0.1"]
ROOT_URLCONF = "benchmarks.urls"
INSTALLED_APPS = [*INSTALLED_APPS, "benchmarks"]  # noqa: F405
if os.environ.get("STOCK"):
    # As its documentation sets it up for the ORM broker; the rest are its defaults. CONN_MAX_AGE is ours: without it, a third the rate.
    Q_CLUSTER = {"name": "aussitot", "orm": "default", "cache": "cluster", "workers": 2, "timeout": 600, "retry": 660, "log_level": "ERROR"}
