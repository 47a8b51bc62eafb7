"""A web server that serves the MTA-STS policies of many domains."""
import http.server
import ssl
import threading


class PolicyServer:
    """`policies` maps a domain to its text, or to (status, type, text)."""

    def __init__(self, address, certificate):
        self.policies = {}
        policies = self.policies

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                domain = self.headers["Host"].split(":")[0].removeprefix("mta-sts.")
                answer = policies.get(domain) if self.path == "/.well-known/mta-sts.txt" else None
                status, kind, text = (200, "text/plain", answer) if isinstance(answer, str) else answer or (
                    404, "text/plain", "nothing here\n")
                self.send_response(status)
                self.send_header("Content-Type", kind)
                if status in (301, 302):
                    self.send_header("Location", text)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *words):
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        self._server = http.server.ThreadingHTTPServer((address, 443), Handler)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


def policy(mode, *hosts, max_age=86400):
    return "".join(["version: STSv1\r\n", f"mode: {mode}\r\n", *(f"mx: {host}\r\n" for host in hosts),
                    f"max_age: {max_age}\r\n"])
