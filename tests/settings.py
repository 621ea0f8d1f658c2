"""The product's settings, and an app of tasks that the tests of the engine let the cluster run."""

from config.settings import *  # noqa: F403

SECRET_KEY = "only-for-tests"
INSTALLED_APPS = [*INSTALLED_APPS, "tests.jobs"]  # noqa: F405
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # a second a log-in saved
if "sqlite" in DATABASES["default"]["ENGINE"]:  # noqa: F405
    DATABASES["default"]["TEST"] = {"NAME": VAR_DIR / "test.sqlite3"}  # noqa: F405  a file, which a cluster can open too
SLOW_QUERY_SECONDS = 1e9  # on a busy machine any statement may be slow, and counting it is a statement more
