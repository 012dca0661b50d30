"""A page of somebody else on this machine: whatever a browser lets it try against the page's server."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

_PAGE: Final = b"<!doctype html><title>another page</title><iframe name=frame></iframe><div id=here></div>"
READ: Final = """async url => {
  const told = {};
  for (const [name, options] of Object.entries({
    plain: {}, credentials: {credentials: 'include'}, opaque: {mode: 'no-cors', credentials: 'include'},
    header: {credentials: 'include', headers: {'X-Ailtire-UI': '1'}},
  })) {
    try {
      const answer = await fetch(url, options);
      told[name] = `${answer.type} ${answer.status} ${await answer.text()}`;
    } catch (error) { told[name] = 'refused'; }
  }
  return told;
}"""
"""Ask for an address in each way that a page can, and return what it gets to see."""
ACT: Final = """async ([url, body]) => {
  const told = {};
  for (const [name, options] of Object.entries({
    json: {headers: {'Content-Type': 'application/json', 'X-Ailtire-UI': '1'}},
    simple: {mode: 'no-cors', headers: {'Content-Type': 'text/plain'}},
    beacon: null,
  })) {
    try {
      if (options === null) { told[name] = String(navigator.sendBeacon(url, body)); continue; }
      const answer = await fetch(url, {method: 'POST', credentials: 'include', body, ...options});
      told[name] = `${answer.type} ${answer.status}`;
    } catch (error) { told[name] = 'refused'; }
  }
  return told;
}"""
"""Send a body in each way that a page can."""
EVENTS: Final = """url => new Promise(done => {
  const source = new EventSource(url, {withCredentials: true});
  source.onmessage = event => done(event.data);
  for (const name of ['snapshot', 'change']) source.addEventListener(name, event => done(event.data));
  source.onerror = () => { source.close(); done('refused'); };
})"""
"""Listen to a stream of events; the first one, or ``refused``."""
SOCKET: Final = """url => new Promise(done => {
  const socket = new WebSocket(url);
  socket.onopen = () => done('open');
  socket.onerror = () => done('refused');
})"""
"""Open a WebSocket, which no same-origin policy stops."""
TAG: Final = """([tag, url]) => new Promise(done => {
  const each = document.createElement(tag);
  each.onload = () => done('loaded');
  each.onerror = () => done('refused');
  each.src = url;
  document.body.append(each);
})"""
"""Bring an address in by a tag of the page."""
FRAME: Final = """url => new Promise(done => {
  const frame = document.querySelector('iframe');
  frame.onload = () => {
    try { done(frame.contentDocument === null ? 'hidden' : frame.contentDocument.body.innerText); }
    catch (error) { done('hidden'); }
  };
  frame.src = url;
})"""
"""Show an address in a frame; what can be read of it, or ``hidden``."""


class Other:
    """The server of that page."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self._server = server

    @property
    def port(self) -> int:
        """Its port."""
        return int(self._server.server_address[1])

    @property
    def origin(self) -> str:
        """Its origin: of the same host, and so of the same site, as a browser sees it."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def another_page() -> Iterator[Other]:
    """Serve it for as long as the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(_PAGE)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield Other(server)
    finally:
        server.shutdown()
        server.server_close()


def form(url: str, kind: str, body: str) -> str:
    """A script that sends a body by a form into a frame, with the JSON in the name of its one field."""
    return f"""() => {{
      const form = document.createElement('form');
      Object.assign(form, {{method: 'POST', action: {json.dumps(url)}, enctype: {json.dumps(kind)}, target: 'frame'}});
      const field = document.createElement('input');
      field.name = {json.dumps(body)};
      form.append(field);
      document.querySelector('#here').append(form);
      form.submit();
    }}"""
