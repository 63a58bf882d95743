"""Settings of the nsupdate server that wanbeacon is tried against: everything on loopback, everything in one folder."""

import os
from pathlib import Path

from nsupdate.settings.base import *  # noqa: F403  (settings modules are made of names)
from netaddr import IPSet

FOLDER = Path(os.environ["COUNTERPART_FOLDER"])
SERVER = os.environ["COUNTERPART_SERVER"]

SECRET_KEY = os.environ["COUNTERPART_SECRET"]
DEBUG = False  # with True a toolbar is imported that is not installed

BASEDOMAIN = os.environ["COUNTERPART_ZONE"]
WWW_HOST = WWW_IPV4_HOST = WWW_IPV6_HOST = SERVER
# The second one is for when nobody answers for names.
ALLOWED_HOSTS = [SERVER.partition(":")[0], "[::1]"]
WE_HAVE_TLS = CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE = False

DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(FOLDER / "nsupdate.sqlite")}}
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"

# Refused by the service: one client by its name, one address by its number.
BAD_AGENTS = {"refused/1.0"}
BAD_IPS_HOST = IPSet(["91.12.34.66"])
