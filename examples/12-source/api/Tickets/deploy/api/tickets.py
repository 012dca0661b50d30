"""The tickets of the help desk."""

from service import serve

RELEASE = "1"

serve({"service": "tickets", "release": RELEASE})
