"""A way between clients and a server that can be cut, or fall silent."""
import socket
import threading


class Cable:
    """Whoever connects to `address` reaches `to`, as long as the cable is whole."""

    def __init__(self, address, to):
        self.address, self.to, self.pairs = address, to, []
        self.whole, self.open = threading.Event(), True
        self.whole.set()
        self.lock = threading.Lock()
        self.listener = None
        self.mend()

    def mend(self):
        """The network is back: what still stands goes on, and new connections are taken."""
        self.whole.set()
        if self.listener:
            return
        self.listener = socket.create_server(self.address, reuse_port=True)
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def silence(self):
        """Nothing gets through, and nobody is told; new connections are taken and nothing comes of them."""
        self.whole.clear()

    def cut(self):
        """Every connection breaks, and none can be made."""
        if self.listener:
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
            self.listener = None
        with self.lock:
            pairs, self.pairs = self.pairs, []
        for pair in pairs:
            for end in pair:
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
        self.whole.set()  # who waits sees that it is over

    def _accept(self, listener):
        while True:
            try:
                near, peer = listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(self.to, 10, (peer[0], 0))
            except OSError:
                near.close()
                continue
            far.settimeout(None)
            for end in (near, far):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self.pairs.append((near, far))
            for ends in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=ends, daemon=True).start()

    def _carry(self, source, target):
        try:
            while data := source.recv(65536):
                self.whole.wait()
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass
