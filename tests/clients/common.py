"""What the scripts have in common: the sandbox's address, a token, and its time."""
import json
import os
import urllib.request

BASE = os.environ["SANDBOX"]
PROJECT = os.environ["PROJECT"]
TOKEN = os.environ["TOKEN"]


def advance(duration):
    """Lets virtual time pass."""
    body = json.dumps({"advance": duration}).encode()
    request = urllib.request.Request(BASE + "/sandbox/clock", data=body, method="POST")
    urllib.request.urlopen(request).read()
