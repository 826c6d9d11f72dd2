"""Small attacks on the sandbox, each a few lines of a notebook cell that try something and say what came of it.

None does harm where it succeeds: it reads a file made for the purpose, knocks at a port opened for the purpose, asks
for a mount of nothing. Names in capitals (SECRET, PORT, …) are given by `doctor.py`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Attack:
    """One cell. It calls ``broke(what)`` when it got through; an OSError or MemoryError is a wall.

    Attributes:
        essential: part of the short probe at the beginning of every grading run.
        deadly: kinds of `SandboxDied` that count as held: the parent noticed and ended everything.
        until_noticed: only the parent can end it, by its own count. Not tried without walls, where it would be the
            host's memory and files.
    """

    name: str
    tried: str
    source: str
    essential: bool = False
    deadly: tuple[str, ...] = ()
    until_noticed: bool = False


PRELUDE = """
import ctypes, errno, os, platform, signal, socket, sys, time
libc = ctypes.CDLL(None, use_errno=True)
class Broke(Exception): pass
def broke(what): raise Broke(what)
def system(result):
    if result < 0: raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result
def in_child(attempt):
    # The parent of this child only looks at the exit code: 7 means that the attempt went through.
    child = os.fork()
    if child == 0:
        try: attempt()
        except BaseException: os._exit(0)
        os._exit(7)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7: broke("the kernel allowed it")
def status(name):
    return [l.split(":")[1].split() for l in open("/proc/self/status") if l.startswith(name + ":")][0]
"""

ATTACKS = (
    Attack(
        "unprivileged user",
        "run as root",
        "if 0 in os.getresuid() + os.getresgid() + tuple(os.getgroups()): broke(f'ids {os.getresuid()}')",
        essential=True,
    ),
    Attack(
        "no capabilities",
        "hold a capability",
        "for name in ('CapInh', 'CapPrm', 'CapEff', 'CapAmb'):\n"
        "    if int(status(name)[0], 16): broke(f'{name} {status(name)[0]}')",
        essential=True,
    ),
    Attack(
        "no new privileges",
        "gain rights from a setuid program",
        "if status('NoNewPrivs') != ['1']: broke('no_new_privs is off')",
        essential=True,
    ),
    Attack(
        "system-call filter",
        "use any system call",
        "if status('Seccomp') != ['2']: broke('no seccomp filter')",
        essential=True,
    ),
    Attack("secret file", "read a file of the host", "open(SECRET).read(); broke('read it')", essential=True),
    Attack(
        "home directory",
        "read a file in the grader's home",
        "if HOME_FILE: open(HOME_FILE).read(1); broke(f'read {HOME_FILE}')",
    ),
    Attack(
        "course",
        "read the reference solutions",
        "if os.path.exists(COURSE): broke(f'sees {os.listdir(COURSE)[:5]}')",
        essential=True,
    ),
    Attack(
        "outside writes",
        "write where the host would see it",
        "open(SECRET + '.new', 'w').close(); broke('wrote beside the secret')",
        essential=True,
    ),
    Attack(
        "read-only root",
        "write to system folders",
        "for place in ('/', '/usr', '/etc', '/dev', '/kit', sys.base_prefix, *sys.path):\n"
        "    if os.path.isdir(place):\n"
        "        try: os.close(os.open(place, os.O_WRONLY | os.O_TMPFILE))\n"
        "        except OSError: continue\n"
        "        broke(f'can write to {place}')",
        essential=True,
    ),
    Attack(
        "grader's environment",
        "find a secret in an environment",
        "for entry in [*map(str, os.environ.items()), *filter(str.isdigit, os.listdir('/proc'))]:\n"
        "    if entry.isdigit():\n"
        "        try: entry = open(f'/proc/{entry}/environ').read()\n"
        "        except OSError: continue\n"
        "    if MARKER in entry: broke('found it')",
        essential=True,
    ),
    Attack(
        "inherited descriptors",
        "use a descriptor the grader left open",
        "held = {name: os.readlink(f'/proc/self/fd/{name}') for name in map(str, range(256))\n"
        "        if os.path.lexists(f'/proc/self/fd/{name}')}\n"
        "extra = [link for link in held.values() if link != '/dev/null']\n"
        "if len(extra) != 1 or not extra[0].startswith('socket:'): broke(str(held))",
        essential=True,
    ),
    Attack(
        "host processes",
        "see the grader's processes",
        "mine = open('/proc/self/cmdline', 'rb').read()\n"
        "for name in filter(str.isdigit, os.listdir('/proc')):\n"
        "    try: other = open(f'/proc/{name}/cmdline', 'rb').read()\n"
        "    except OSError: continue\n"
        "    if other not in (mine, b''): broke(f'sees {other[:60]}')",
        essential=True,
    ),
    Attack(
        "signals",
        "send the grader a signal",
        "inside = set(filter(str.isdigit, os.listdir('/proc')))\n"
        "if os.readlink('/proc/self/ns/pid') == GRADER_NAMESPACE: os.kill(GRADER, 0); broke('it would arrive')",
    ),
    Attack(
        "TCP",
        "connect to a port on this machine",
        "socket.create_connection(('127.0.0.1', PORT), 0.2); broke('connected')",
        essential=True,
    ),
    Attack(
        "network",
        "see a network device",
        "names = [l.split(':')[0].strip() for l in open('/proc/net/dev').read().splitlines()[2:]]\n"
        "if os.readlink('/proc/self/ns/net') == GRADER_NETWORK: broke(f'the same network: {names}')\n"
        "if names != ['lo']: broke(f'sees {names}')",
        essential=True,
    ),
    Attack(
        "Unix socket",
        "connect to a Unix socket, by path and abstract",
        "refused = None\n"
        "for address in (UNIX, ABSTRACT):\n"
        "    try: socket.socket(socket.AF_UNIX).connect(address); broke(f'connected to {address!r}')\n"
        "    except OSError as error: refused = error\n"
        "raise refused",
    ),
    Attack(
        "user namespace",
        "make a user namespace with unshare",
        "in_child(lambda: system(libc.unshare(0x10000000)))",
        essential=True,
    ),
    Attack(
        "user namespace by clone",
        "make a user namespace with clone",
        "number = {'x86_64': 56, 'aarch64': 220}.get(platform.machine())\n"
        "def attempt():\n"
        "    if system(libc.syscall(number, 0x10000000 | 17, 0, 0, 0, 0)) == 0: os._exit(0)\n"
        "if number: in_child(attempt)",
    ),
    Attack(
        "processor shares",
        "take a second share of the processor with a new session",
        "in_child(os.setsid)",
    ),
    Attack("ptrace", "trace a process", "in_child(lambda: system(libc.ptrace(0, 0, 0, 0)))"),
    Attack(
        "mount",
        "mount a file system",
        # A type that does not exist: where mounting is allowed, that is what the kernel complains about.
        "if libc.mount(b'none', b'.', b'no-such-type', 0, None) and ctypes.get_errno() == errno.ENODEV:\n"
        "    broke('mounting is allowed')",
        essential=True,
    ),
    Attack(
        "uncounted memory",
        "take memory that belongs to no process",
        "if hasattr(os, 'memfd_create'):\n"
        "    try: os.memfd_create('x'); broke('memfd_create')\n"
        "    except OSError: pass\n"
        "try:\n"
        "    import mmap; mmap.mmap(-1, 4096); broke('a shared anonymous mapping')\n"
        "except OSError: pass\n"
        "# 0o1600: create, readable and writable; IPC_PRIVATE; removed again at once\n"
        "segment = libc.shmget(0, 4096, 0o1600)\n"
        "if segment >= 0: libc.shmctl(segment, 0, None); broke('System V shared memory')",
    ),
    Attack(
        "file locks",
        "leave a message for another submission in locks of a file that both see",
        "import fcntl, struct\n"
        "shared = os.open(os.__file__, os.O_RDONLY)\n"
        "lock = struct.pack('hhqqi4x', fcntl.F_RDLCK, 0, 200, 1, 0)\n"
        "# Record locks of a process and of a description, looked at and set; a lease; a write hint.\n"
        "for command, value in ((fcntl.F_GETLK, lock), (fcntl.F_SETLK, lock), (37, lock), (1025, 0), (1035, bytes(8))):\n"
        "    try: fcntl.fcntl(shared, command, value); broke(f'fcntl {command}')\n"
        "    except OSError: pass\n"
        "fcntl.flock(shared, fcntl.LOCK_SH); broke('flock')",
        essential=True,
    ),
    Attack(
        "file notifications",
        "watch which shared files another submission opens",
        "system(libc.inotify_init1(0)); broke('inotify')",
        essential=True,
    ),
    Attack(
        "futexes of files",
        "wait for another submission in a page of a shared file",
        "shared = os.open(os.__file__, os.O_RDONLY)\n"
        "libc.mmap.restype = ctypes.c_void_p\n"
        "page = libc.mmap(None, 4096, 1, 1, shared, 0)\n"
        "word = ctypes.c_uint32.from_address(page).value\n"
        "number = {'x86_64': 202, 'aarch64': 98}.get(platform.machine())\n"
        "began = time.monotonic()\n"
        "pause = (ctypes.c_long * 2)(0, 30_000_000)\n"
        "if number: libc.syscall(number, ctypes.c_void_p(page), 0, word, pause)\n"
        "if time.monotonic() - began > 0.029: broke('waited there')",
    ),
    Attack(
        "pages in memory",
        "ask which pages of a shared file are in memory",
        "shared = os.open(os.__file__, os.O_RDONLY)\n"
        "try: os.posix_fadvise(shared, 0, 0, os.POSIX_FADV_DONTNEED); broke('posix_fadvise')\n"
        "except OSError: pass\n"
        "os.preadv(shared, [bytearray(1)], 0, os.RWF_NOWAIT); broke('RWF_NOWAIT')",
    ),
    Attack(
        "counters of the machine",
        "count the processes of the whole machine",
        "for name in ('stat', 'loadavg', 'vmstat', 'locks', 'interrupts', 'uptime', 'diskstats', 'sys/fs/file-nr'):\n"
        "    try: said = open(f'/proc/{name}').read(1)\n"
        "    except OSError: continue\n"
        "    if said: broke(f'/proc/{name}')\n"
        "system(libc.sysinfo(ctypes.create_string_buffer(256))); broke('sysinfo')",
    ),
    Attack(
        "times of a device",
        "leave a message in the times of a device that everybody sees",
        "os.utime('/dev/null'); broke('/dev/null has the time of now')",
    ),
    Attack(
        "host name",
        "learn the name of this machine",
        "if socket.gethostname() == HOST_NAME: broke(HOST_NAME)",
    ),
    Attack(
        "kernel command line",
        "read how this machine was started, and with which kernel",
        "for name in ('cmdline', 'version'):\n"
        "    said = open(f'/proc/{name}').read(60)\n"
        "    if said: broke(said)",
    ),
    Attack(
        "table of mounts",
        "read where the grader's folders and disks are",
        "said = open('/proc/self/mountinfo').read()\nif said: broke(f'{len(said.splitlines())} lines')",
    ),
    Attack("one large array", "allocate 100 GB", "bytearray(100 * 2**30); broke('got it')", essential=True),
    Attack(
        "processes",
        "start 200 processes",
        "children = []\n"
        "try:\n"
        "    for _ in range(200):\n"
        "        child = os.fork()\n"
        "        if child == 0: time.sleep(0.5); os._exit(0)\n"
        "        children.append(child)\n"
        "    broke(f'{len(children)} processes')\n"
        "finally:\n"
        "    for child in children: os.kill(child, signal.SIGKILL); os.waitpid(child, 0)",
        essential=True,
        deadly=("died", "memory"),  # on a busy machine many of them are there when their memory is counted
    ),
    Attack(
        "disk",
        "write more than allowed to each writable place",
        "for place in WRITABLE:\n"
        "    paths = [f'{place}/doctor-{n}' for n in range(3)]\n"
        "    try:\n"
        "        for path in paths:\n"
        "            with open(path, 'wb') as file: file.write(bytes(DISK_MB * 2**20))\n"
        "    except OSError: continue\n"
        "    else: broke(f'{3 * DISK_MB} MB in {place}')\n"
        "    finally:\n"
        "        for path in filter(os.path.exists, paths): os.unlink(path)",
    ),
    Attack("endless loop", "never end a cell", "while True: pass"),
    Attack(
        "memory of many processes",
        "let eight children take 60 MB each",
        "for _ in range(8):\n"
        "    if os.fork() == 0:\n"
        "        block = bytearray(60 * 2**20)\n"
        "        for i in range(0, len(block), 4096): block[i] = 1\n"
        "        time.sleep(20); os._exit(0)\n"
        "time.sleep(20)",
        deadly=("memory",),
        until_noticed=True,
    ),
    Attack(
        "a million empty files",
        "fill the kernel with empty files",
        "for n in range(MAX_FILES + 5000):\n"
        "    os.close(os.open(f'{WRITABLE[0]}/doctor-{n}', os.O_CREAT | os.O_WRONLY))\n"
        "time.sleep(20)",
        deadly=("died",),
        until_noticed=True,
    ),
)
