"""Fills the database of the nsupdate server: one user, one zone, and the hosts named on the command line.

Usage: seed.py PASSWORD HOST[=blocked]…
"""

import os
import sys

import django

django.setup()

from django.contrib.auth import get_user_model  # noqa: E402  (needs the set-up before it)
from django.core.management import call_command  # noqa: E402
from nsupdate.main.models import Domain, Host  # noqa: E402

password, *hosts = sys.argv[1:]
call_command("migrate", verbosity=0)
owner = get_user_model().objects.create_user("owner", password=password)
# The name of the key is the name of the zone: nsupdate leaves no choice.
zone = Domain.objects.create(
    name=os.environ["COUNTERPART_ZONE"],
    nameserver_ip=os.environ["COUNTERPART_NAMESERVER"],
    nameserver_update_secret=os.environ["COUNTERPART_KEY"],
    nameserver_update_algorithm="HMAC_SHA512",
    available=True,
    created_by=owner,
)
for host in hosts:
    name, _, flag = host.partition("=")
    Host(name=name, domain=zone, created_by=owner, abuse_blocked=flag == "blocked").generate_secret(password)
