"""One request at a time, over one connection."""

import http.client
import json
import time
from urllib.parse import urlsplit


class Client:
    def __init__(self, url, timeout=60):
        parts = urlsplit(url)
        self.path = parts.path
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)

    def send(self, request, token=None):
        """The answer's bytes."""
        return self.respond(request, token).read()

    def size(self, request, token):
        """How many bytes come back in all."""
        response = self.respond(request, token)
        status = f"HTTP/1.1 {response.status} {response.reason}"
        lines = [status, *(f"{name}: {value}" for name, value in response.getheaders()), ""]
        return sum(len(line) + 2 for line in lines) + len(response.read())

    def respond(self, request, token):
        headers = {"Content-Type": "application/json"}
        if request.signed_in and token:
            headers["Authorization"] = f"Bearer {token}"
        self.connection.request("POST", self.path, request.body, headers)
        return self.connection.getresponse()

    def ask(self, request, token=None):
        return json.loads(self.send(request, token))

    def close(self):
        self.connection.close()


def wait_until_up(url, request, process, token=None, patience=120):
    """Seconds until a server gives its first answer."""
    begin = time.perf_counter()
    while time.perf_counter() - begin < patience:
        if process.poll() is not None:
            raise SystemExit(f"{process.args[0]} ended before it answered: see its log in bench/.work")
        client = Client(url, patience)
        try:
            if client.ask(request, token).get("data"):
                return time.perf_counter() - begin
        except (OSError, ValueError, http.client.HTTPException):
            time.sleep(0.002)
        finally:
            client.close()
    raise SystemExit(f"{process.args[0]} does not answer on {url}")
