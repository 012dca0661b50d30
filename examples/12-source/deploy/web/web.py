"""The page of the help desk."""

from service import serve

RELEASE = "1"

serve({"service": "web", "release": RELEASE})
