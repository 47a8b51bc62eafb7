"""A web server that shows OpenPGP keys (Web Key Directory)."""
import http.server
import ssl
import subprocess
import threading


def hash_of(local):
    """By GnuPG itself."""
    done = subprocess.run(["/usr/lib/gnupg/gpg-wks-client", "--print-wkd-hash", f"{local}@x.test"], check=True,
                          capture_output=True, text=True)
    return done.stdout.split()[0]


class KeyDirectory:
    """`pages` maps "host/path" to octets, or to (status, octets or the place of a redirection)."""

    def __init__(self, address, certificate):
        self.pages, self.asked = {}, []
        directory = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                path, _, _ = self.path.partition("?")
                directory.asked.append(self.headers["Host"] + self.path)
                answer = directory.pages.get(self.headers["Host"] + path, (404, b"nothing here"))
                status, body = answer if isinstance(answer, tuple) else (200, answer)
                self.send_response(status)
                if status in (301, 302, 307):
                    self.send_header("Location", body)
                    body = b""
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *words):
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        self._server = http.server.ThreadingHTTPServer((address, 443), Handler)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def advanced(self, domain, local):
        return f"openpgpkey.{domain}/.well-known/openpgpkey/{domain}/hu/{hash_of(local)}"

    def direct(self, domain, local):
        return f"{domain}/.well-known/openpgpkey/hu/{hash_of(local)}"

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
