"""fritzconnection against the program, which it takes for a FRITZ!Box.

Usage: fritz.py reach|read|write|keep|refusals|remote

Prints "> WHAT<tab>EXPECTED<tab>SEEN" for everything it looks at. The passwords are in the environment: ADMIN, PHONE.
"""

import os
import socket
import sys
import time
import warnings
import xml.etree.ElementTree as ElementTree

from fritzconnection import FritzConnection

warnings.simplefilter("ignore")  # the certificate is not verified

HOST, PLAIN, SECURE = "127.0.0.1", 49000, 49443
SERVICE = "X_AVM-DE_RemoteAccess1"
OWN = "Benutzerdefiniert"
URL = "http://127.0.0.1:8000/update?host=<domain>&ip=<ipaddr>"
BOTH = f"{URL} http://127.0.0.1:8000/update6?host=<domain>&ip=<ip6addr>"
TOGETHER = "http://127.0.0.1:8000/update?host=<domain>&ip=<ipaddr>&ip6=<ip6addr>"
SET = {
    "NewEnabled": True,
    "NewProviderName": OWN,
    "NewUpdateURL": URL,
    "NewDomain": "other.example.de",
    "NewUsername": 'some"one & <co>',
    "NewMode": "ddns_v4",
    "NewServerIPv4": "",
    "NewServerIPv6": "",
    "NewPassword": "geheim & <co>",
}


def told(what, expected, seen):
    print("> " + "\t".join(str(part).replace("\n", " ").replace("\t", " ") for part in (what, expected, seen)))


def connect(user="admin", password=None, tls=False):
    password = os.environ[user.upper()] if password is None else password
    return FritzConnection(HOST, port=SECURE if tls else PLAIN, user=user, password=password, use_tls=tls, timeout=20)


def raised(call):
    """The name of the exception, or of what there was instead."""
    try:
        return f"no exception but {call()!r}"
    except Exception as error:  # whatever the client makes of it
        return type(error).__name__


def reach():
    for tls in (False, True):
        way = "over TLS" if tls else "plain"
        box = connect(tls=tls)
        told(f"{way}: the model", "wanbeacon", box.modelname)
        wanted = {SERVICE, "DeviceInfo1", "UserInterface1", "LANConfigSecurity1", "Layer3Forwarding1"}
        told(f"{way}: the services are found", "[]", sorted(wanted - set(box.services)))
        actions = box.services[SERVICE].actions
        names = "GetDDNSInfo GetDDNSProviders GetInfo SetConfig SetDDNSConfig SetEnable SetLetsEncryptEnable"
        told(f"{way}: the seven actions", names, " ".join(sorted(actions)))
        told(f"{way}: who it is", 12, len(box.call_action("DeviceInfo1", "GetInfo")["NewSerialNumber"]))
        told(f"{way}: the port of TLS", SECURE, box.call_action("DeviceInfo1", "GetSecurityPort")["NewSecurityPort"])
        told(f"{way}: the remote access is closed", False, box.call_action(SERVICE, "GetInfo")["NewEnabled"])
        wrong = connect(password="wrong", tls=tls)
        told(f"{way}: a wrong password", "FritzAuthorizationError", raised(lambda: wrong.call_action(SERVICE, "GetInfo")))
    default = FritzConnection(HOST, port=PLAIN, password=os.environ["ADMIN"])
    told("the default user is nobody here", "FritzAuthorizationError", raised(lambda: default.call_action(SERVICE, "GetInfo")))
    bare = FritzConnection(HOST, port=PLAIN)
    told("without a password what is open is told", SECURE, bare.call_action("DeviceInfo1", "GetSecurityPort")["NewSecurityPort"])
    told("and nothing else", "FritzAuthorizationError", raised(lambda: bare.call_action(SERVICE, "GetInfo")))


def read():
    box = connect()
    seen = box.call_action(SERVICE, "GetDDNSInfo")
    told("all ten results", 10, len(seen))
    for name, value in [
        ("NewEnabled", True),
        ("NewProviderName", OWN),
        ("NewUpdateURL", URL),
        ("NewDomain", "home.example.de"),
        ("NewUsername", "u"),
        ("NewMode", "ddns_v4"),
        ("NewServerIPv4", ""),
        ("NewStatusIPv6", "undefined"),
    ]:
        told(f"{name} is what is configured", value, seen[name])
    listed = ElementTree.fromstring(box.call_action(SERVICE, "GetDDNSProviders")["NewProviderList"])
    names = [item.findtext("ProviderName") for item in listed.iter("Item")]
    told("the list of providers ends with the user-defined one", OWN, names[-1])
    told("every provider has a name of its own", len(names), len(set(filter(None, names))))
    told("FreeDYN is one of them", True, "FreeDYN" in names)


def write():
    box = connect(tls=True)
    for mode, url in [("ddns_v6", BOTH), ("ddns_both", BOTH), ("ddns_together", TOGETHER), ("ddns_both_together", TOGETHER), ("ddns_v4", URL)]:
        wanted = SET | {"NewMode": mode, "NewUpdateURL": url}
        if mode == "ddns_v6":
            wanted["NewUpdateURL"] = BOTH.split(" ")[1]
        try:
            box.call_action(SERVICE, "SetDDNSConfig", arguments=wanted)
        except Exception as error:
            told(f"{mode} is set", "set", error)
            continue
        seen = box.call_action(SERVICE, "GetDDNSInfo")
        told(f"{mode} is read back", "ddns_together" if "together" in mode else mode, seen["NewMode"])
        for name in ("NewProviderName", "NewUpdateURL", "NewDomain", "NewUsername", "NewEnabled"):
            told(f"{mode}: {name} is read back", wanted[name], seen[name])
    listed = SET | {"NewProviderName": "FreeDYN", "NewUpdateURL": "", "NewDomain": "a.freedyn.example", "NewEnabled": False, "NewMode": "ddns_both"}
    box.call_action(SERVICE, "SetDDNSConfig", arguments=listed)
    seen = box.call_action(SERVICE, "GetDDNSInfo")
    told("a provider of the list is read back", "FreeDYN", seen["NewProviderName"])
    told("switched off it keeps the name", "a.freedyn.example False", f"{seen['NewDomain']} {seen['NewEnabled']}")
    box.call_action(SERVICE, "SetDDNSConfig", arguments=SET)


def keep():
    seen = connect().call_action(SERVICE, "GetDDNSInfo")
    for name in ("NewDomain", "NewUsername", "NewUpdateURL", "NewMode", "NewEnabled"):
        told(f"{name} outlives the process", SET[name], seen[name])


def refusals():
    box, phone = connect(), connect("phone")

    def setting(**changes):
        return raised(lambda: box.call_action(SERVICE, "SetDDNSConfig", arguments={**SET, **changes}))

    told("402: a mode that there is not", "FritzArgumentError", setting(NewMode="ddns_v5"))
    told("402: a provider that there is not", "FritzArgumentError", setting(NewProviderName="Nobody"))
    told("402: a URL without a path", "FritzArgumentError", setting(NewUpdateURL="https://ddns.example"))
    told("402: three URLs", "FritzArgumentError", setting(NewUpdateURL=f"{URL} {URL} {URL}"))
    told("402: a placeholder of the other family", "FritzArgumentError", setting(NewMode="ddns_v6"))
    told("402: a boolean that is none", "FritzArgumentError", setting(NewEnabled="maybe"))
    few = {name: value for name, value in SET.items() if name != "NewPassword"}
    told("402: eight of nine arguments", "FritzArgumentError", raised(lambda: box.call_action(SERVICE, "SetDDNSConfig", arguments=few)))
    told("402: one that is not known", "FritzArgumentError", setting(NewNonsense="1"))
    told("nothing of it was taken", "home.example.de", box.call_action(SERVICE, "GetDDNSInfo")["NewDomain"])

    service = box.services["DeviceInfo1"]
    told("401: an action that is not known", "FritzActionError", raised(lambda: box.soaper.execute(service, "GetNothing", {})))
    told("501: a certificate of Let's Encrypt", "FritzActionFailedError", raised(lambda: box.call_action(SERVICE, "SetLetsEncryptEnable", NewLetsEncryptEnabled=True)))

    told("a user with few rights may read", "home.example.de", phone.call_action(SERVICE, "GetDDNSInfo")["NewDomain"])
    told("606: but not the providers", "FritzSecurityError", raised(lambda: phone.call_action(SERVICE, "GetDDNSProviders")))
    told("606: and not set anything", "FritzSecurityError", raised(lambda: phone.call_action(SERVICE, "SetDDNSConfig", arguments=SET)))
    told("606: nor open the remote access", "FritzSecurityError", raised(lambda: phone.call_action(SERVICE, "SetEnable", NewEnabled=True)))

    def config(**changes):
        arguments = {"NewEnabled": True, "NewPort": 8443, "NewUsername": "remote", "NewPassword": "geheim", **changes}
        return raised(lambda: box.call_action(SERVICE, "SetConfig", arguments=arguments))

    told("402: a port that there is not", "FritzArgumentError", config(NewPort=65536))
    told("402: the port zero", "FritzArgumentError", config(NewPort=0))
    told("820: the name of a user with few rights", "FritzInternalError", config(NewUsername="phone"))
    told("820: no password", "FritzInternalError", config(NewPassword=""))


def remote():
    box = connect()

    def info():
        seen = box.call_action(SERVICE, "GetInfo")
        return f"{seen['NewEnabled']} {seen['NewPort']} {seen['NewUsername']}"

    told("the remote access is closed, for the user who may configure", "False 443 admin", info())
    port = box.call_action(SERVICE, "SetEnable", NewEnabled=True)["NewPort"]
    told("the first time it is opened on a free port", True, int(port) > 1023)
    told("which is told", f"True {port} admin", info())
    told("somebody listens at the free port", "open", door(int(port), True))
    box.call_action(SERVICE, "SetConfig", NewEnabled=True, NewPort=8443, NewUsername="remote", NewPassword="Geheim-1")
    told("it is moved, and another user's", "True 8443 remote", info())
    told("nobody listens where it was", "closed", door(int(port), False))
    told("somebody listens there", "open", door(8443, True))
    other = FritzConnection(HOST, port=SECURE, user="remote", password="Geheim-1", use_tls=True)
    told("its user may log in here too", "True", other.call_action(SERVICE, "GetInfo")["NewEnabled"])
    told("closing tells the port", "8443", box.call_action(SERVICE, "SetEnable", NewEnabled=False)["NewPort"])
    told("it is closed, and the port is kept", "False 8443 remote", info())
    told("nobody listens there", "closed", door(8443, False))
    told("opening again tells the port", "8443", box.call_action(SERVICE, "SetEnable", NewEnabled=True)["NewPort"])
    told("opening twice as well", "8443", box.call_action(SERVICE, "SetEnable", NewEnabled=True)["NewPort"])
    told("somebody listens there again", "open", door(8443, True))


def door(port, wanted):
    """Waits until the port is as wanted, five seconds at most."""
    for _ in range(50):
        try:
            socket.create_connection((HOST, port), 1).close()
            found = True
        except OSError:
            found = False
        if found == wanted:
            break
        time.sleep(0.1)
    return "open" if found else "closed"


{"reach": reach, "read": read, "write": write, "keep": keep, "refusals": refusals, "remote": remote}[sys.argv[1]]()
