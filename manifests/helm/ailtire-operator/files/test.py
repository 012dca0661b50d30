"""What `helm test` runs in a pod: whether a replica of the operator holds the Lease and renews it."""

import json
import os
import ssl
import sys
import time
from datetime import datetime
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

WAIT = float(os.environ.get("AILTIRE_TEST_SECONDS", "60"))
FRESH = 60.0


def problem(account: Path) -> str:
    """Return why nothing shows that an operator works here; empty if one does."""
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
    namespace = (account / "namespace").read_text().strip()
    leases = f"apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
    address = f"https://{f'[{host}]' if ':' in host else host}:{port}/{leases}/ailtire-operator"
    asked = Request(address, headers={"Authorization": f"Bearer {(account / 'token').read_text().strip()}"})
    trusted = ssl.create_default_context(cafile=str(account / "ca.crt"))
    try:
        with urlopen(asked, timeout=10, context=trusted) as answer:
            lease = json.load(answer)["spec"]
    except URLError as error:
        return f"the Lease cannot be read: {error}"
    holder, renewed = lease.get("holderIdentity"), lease.get("renewTime")
    if not holder or not renewed:
        return "no replica holds the Lease"
    age = time.time() - datetime.fromisoformat(renewed).timestamp()
    return f"{holder} renewed the Lease {age:.0f} s ago" if age > FRESH else ""


account = Path(sys.argv[1] if len(sys.argv) > 1 else "/var/run/secrets/kubernetes.io/serviceaccount")
end = time.monotonic() + WAIT
while (why := problem(account)) and time.monotonic() < end:
    time.sleep(1)
print(why or "a replica of the operator holds the Lease, and renews it")
sys.exit(bool(why))
