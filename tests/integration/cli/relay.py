"""Between a command and the front port of its broker: can keep an answer from arriving."""
import socket
import threading

CHUNK = 1 << 16


class Relay:
    def __init__(self, port, target_port):
        self.target = ("127.0.0.1", target_port)
        self.listener = socket.create_server(("127.0.0.1", port))
        self.address = f"tcp://127.0.0.1:{port}"
        self.question = None  # whose answer, and all after it, is swallowed
        self.heard = threading.Event()  # the question
        self.connections = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near = self.listener.accept()[0]
            except OSError:
                return
            far = socket.create_connection(self.target)
            self.connections += [near, far]
            threading.Thread(target=self.pump, args=(near, far, self.watch), daemon=True).start()
            threading.Thread(target=self.pump, args=(far, near, self.is_open), daemon=True).start()

    @staticmethod
    def pump(source, sink, passes):
        try:
            while data := source.recv(CHUNK):
                if passes(data):
                    sink.sendall(data)
        except OSError:
            pass

    def watch(self, data):
        if self.question and self.question in data:
            self.heard.set()
        return True

    def is_open(self, _):
        return not self.heard.is_set()

    def break_connections(self):
        """New ones carry everything again."""
        self.question = None
        self.heard.clear()
        for each in self.connections:
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self.listener.close()
        self.break_connections()
        for each in self.connections:
            each.close()
