"""What the services have in common: a server that answers in JSON, and whose end loses nothing that has begun."""

import json
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LAST_SECONDS = 3.0
"""How long requests are still taken after the signal to stop: some nodes hear late that this replica goes."""


class Server(ThreadingHTTPServer):
    """Answers each request in a thread of its own, and ends when all have ended."""

    daemon_threads = False
    request_queue_size = 128


def serve(about):
    """Answer every GET and every POST with these values, until a signal to stop."""
    content = json.dumps(about).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.do_GET()

        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments):
            """Requests are in the log of the gateway."""

    server = Server(("", 3000), Handler)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: threading.Timer(LAST_SECONDS, server.shutdown).start())
    server.serve_forever()
    server.server_close()
