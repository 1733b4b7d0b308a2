# Owns the walk through a pod's streams with Debian's Python client; prints a line for each step.
import socketserver, threading
from kubernetes import client, config
from kubernetes.stream import portforward, stream

config.load_kube_config()
api = client.CoreV1Api()


def run(command, **more):
    flags = dict(stderr=True, stdin=False, stdout=True, tty=False)
    return stream(api.connect_get_namespaced_pod_exec, "web", "default", command=command, **{**flags, **more})


print(*sorted(run(["sh", "-c", "echo out; echo err >&2"]).split(), reverse=True))

talk = run(["sh"], stdin=True, _preload_content=False)
talk.write_stdin("echo one; exit 3\n")
talk.run_forever(timeout=20)
print(talk.read_stdout().strip(), "code", talk.returncode)

talk = run(["sh", "-c", "head -c 20000000 | wc -c"], stdin=True, _preload_content=False)
talk.write_stdin("x" * 20000000)
talk.run_forever(timeout=60)
print(talk.read_stdout().strip())

talk = run(["sh"], stderr=False, stdin=True, tty=True, _preload_content=False)
talk.write_channel(4, '{"Width":77,"Height":22}')
talk.write_stdin("while [ \"$(stty size)\" = '0 0' ]; do sleep 0.1; done; stty size; exit\n")
talk.run_forever(timeout=20)
print([line for line in talk.read_all().replace("# ", "").split("\r\n") if line == "22 77"][0])


class Greeter(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(b"hi " + self.rfile.readline())


server = socketserver.TCPServer(("127.0.0.1", 0), Greeter)
threading.Thread(target=server.serve_forever, daemon=True).start()
port = server.server_address[1]
forward = portforward(api.connect_get_namespaced_pod_portforward, "web", "default", ports=f"{port}")
near = forward.socket(port)
near.setblocking(True)
near.sendall(b"there\n")
print(near.recv(100).decode().strip())
near.close()

forward = portforward(api.connect_get_namespaced_pod_portforward, "web", "default", ports="1")
near = forward.socket(1)
near.setblocking(True)
near.recv(10)
print(forward.error(1)[: len("error forwarding port 1")])
