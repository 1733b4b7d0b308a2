# Owns a person at a terminal: starts the command given on one, types, turns its size, and prints what was seen and how it ended.
import fcntl, os, pty, select, signal, struct, sys, termios, time

pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
seen = b""
end = time.time() + 60


def size(rows, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def read():
    global seen
    if select.select([fd], [], [], 0.05)[0]:
        try:
            seen += os.read(fd, 65536)
        except OSError:
            return False
    return True


def until(text, again=None):
    asked = time.time()
    while text not in seen and time.time() < end and read():
        if again is not None and time.time() - asked > 1:
            os.write(fd, again)
            asked = time.time()


size(33, 101)
until(b"# ")
os.write(fd, b"stty size\n")
until(b"33 101\r\n")
size(40, 120)
os.kill(pid, signal.SIGWINCH)
until(b"40 120\r\n", again=b"stty size\n")
os.write(fd, b"echo wa''iting; sleep 100\n")
until(b"waiting\r\n")
os.write(fd, b"\x03")
os.write(fd, b"echo still he''re\n")
until(b"still here\r\n", again=b"\x03echo still he''re\n")
os.write(fd, b"exit 5\n")
while time.time() < end:
    read()
    done, status = os.waitpid(pid, os.WNOHANG)
    if done:
        sys.stdout.buffer.write(seen)
        print(f"\nexit {os.waitstatus_to_exitcode(status)}")
        sys.exit(0)
os.kill(pid, signal.SIGKILL)
sys.stdout.buffer.write(seen)
print("\nno exit")
