"""The measurements of run.sh, which says what they mean."""

import contextlib
import ctypes
import os
import pathlib
import selectors
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

PORT = 8000
NAME = "home.dyn.test"
CLONE_NEWNET = 0x40000000
GATEWAY = "192.168.178.1"


class Stage:
    """Namespaces, processes and one folder; gone afterwards."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="reaction-"))
        self.spaces = []
        self.processes = []

    def space(self):
        name = f"reaction-{os.getpid()}-{len(self.spaces)}"
        run("ip", "netns", "add", name)
        self.spaces.append(name)
        ip(name, "link", "set", "lo", "up")
        return name

    def start(self, space, log, *command):
        with open(log, "ab") as file:
            self.processes.append(
                subprocess.Popen(["ip", "netns", "exec", space, *command], stdin=subprocess.DEVNULL, stdout=file, stderr=file)
            )

    def batch(self, space):
        """An `ip` that waits for its lines."""
        process = subprocess.Popen(["ip", "-n", space, "-force", "-batch", "-"], stdin=subprocess.PIPE)
        self.processes.append(process)
        return process.stdin

    def strike(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for name in self.spaces:
            subprocess.run(["ip", "netns", "delete", name], check=False)
        shutil.rmtree(self.folder)


def run(*command):
    subprocess.run(command, check=True)


def ip(space, *arguments):
    run("ip", "-n", space, *arguments)


@contextlib.contextmanager
def inside(space):
    """This thread's new sockets are in the namespace."""
    setns = ctypes.CDLL(None, use_errno=True).setns
    with open("/proc/thread-self/ns/net", "rb") as home, open(f"/run/netns/{space}", "rb") as away:
        if setns(away.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
        try:
            yield
        finally:
            setns(home.fileno(), CLONE_NEWNET)


class Provider:
    """Says yes in all namespaces, and remembers what it was asked when."""

    def __init__(self):
        self.selector = selectors.DefaultSelector()
        self.news = threading.Condition()
        threading.Thread(target=self.serve, daemon=True).start()

    def open(self, sample):
        with inside(sample.space):
            listener = socket.create_server(("127.0.0.1", PORT), backlog=16)
        self.selector.register(listener, selectors.EVENT_READ, sample)

    def serve(self):
        while True:
            for key, _ in self.selector.select(0.2):
                connection, _ = key.fileobj.accept()
                with connection, contextlib.suppress(OSError):
                    connection.settimeout(5)
                    self.answer(connection, key.data)

    def answer(self, connection, sample):
        data = b""
        while b"\r\n" not in data:
            more = connection.recv(65536)
            if not more:
                return
            data += more
        seen = time.monotonic()
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(data.split(b" ")[1].decode()).query)
        address = query["myip"][0]
        while b"\r\n\r\n" not in data:
            data += connection.recv(65536)
        body = f"good {address}\n".encode()
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body)
        with self.news:
            sample.seen.append((seen, address))
            self.news.notify_all()

    def wait(self, until, ready):
        """Waits for `ready`, until this time."""
        with self.news:
            return self.news.wait_for(ready, max(0, until - time.monotonic()))


class Sample:
    """One daemon, its line, and one change of address."""

    def __init__(self, stage, number):
        self.old, self.new = (f"91.12.{part + number // 250}.{number % 250 + 1}" for part in (30, 130))
        self.folder = stage.folder / str(len(stage.spaces))
        self.folder.mkdir()
        self.space = stage.space()
        self.seen = []
        self.changed = None

    def interface(self, stage):
        ip(self.space, "link", "add", "wan0", "type", "veth", "peer", "name", "isp0")
        for name in ("wan0", "isp0"):
            ip(self.space, "link", "set", name, "addrgenmode", "none", "up")
        self.line(stage, self.space)

    def router(self, stage):
        router = stage.space()
        run("ip", "link", "add", "eth0", "netns", self.space, "type", "veth", "peer", "name", "lan0", "netns", router)
        ip(router, "link", "add", "wan0", "type", "veth", "peer", "name", "isp0")
        for space, name in ((self.space, "eth0"), (router, "lan0"), (router, "wan0"), (router, "isp0")):
            ip(space, "link", "set", name, "up")
        ip(self.space, "address", "add", "192.168.178.20/24", "dev", "eth0")
        ip(router, "address", "add", GATEWAY + "/24", "dev", "lan0")
        ip(self.space, "route", "add", "default", "via", GATEWAY)
        self.line(stage, router)
        table = "table inet miniupnpd { chain forward {}; chain prerouting {}; chain postrouting {}; }"
        run("ip", "netns", "exec", router, "nft", table)
        config = self.folder / "miniupnpd.conf"
        config.write_text(
            "ext_ifname=wan0\nlistening_ip=lan0\nhttp_port=5000\nenable_upnp=yes\nenable_natpmp=no\n"
            "uuid=6d1f3a52-9c40-4a4e-8f57-1b2c3d4e5f60\nupnp_table_name=miniupnpd\nupnp_nat_table_name=miniupnpd\n"
            "upnp_forward_chain=forward\nupnp_nat_chain=prerouting\nupnp_nat_postrouting_chain=postrouting\n"
        )
        # Without its option for debugging it would leave for the background.
        stage.start(router, self.folder / "router", "miniupnpd", "-d", "-f", config, "-P", self.folder / "miniupnpd.pid")
        with inside(self.space):
            for _ in range(100):
                with contextlib.suppress(OSError), socket.create_connection((GATEWAY, 5000), 1):
                    return
                time.sleep(0.05)
        raise TimeoutError("miniupnpd does not answer")

    def line(self, stage, space):
        self.batch = stage.batch(space)
        ip(space, "address", "add", self.old + "/32", "dev", "wan0")

    def change(self):
        lines = f"address del {self.old}/32 dev wan0\naddress replace {self.new}/32 dev wan0\n"
        self.changed = time.monotonic()
        self.batch.write(lines.encode())
        self.batch.flush()

    def begun(self):
        return bool(self.seen)

    def reaction(self):
        """Seconds, or nothing."""
        right = [seen for seen, address in self.seen if address == self.new]
        return right[0] - self.changed if right else None

    def requests(self):
        return sum(seen > self.changed for seen, _ in self.seen)


def wanbeacon(program, source, settle):
    def start(stage, sample):
        config = sample.folder / "config.toml"
        config.write_text(
            f'[[ddns]]\ndomain = "{NAME}"\nusername = "name"\npassword = "word"\nmode = "v4"\nverify = false\n'
            f'update_url = "http://127.0.0.1:{PORT}/nic/update?hostname=<domain>&myip=<ipaddr>"\n'
            f'[wan]\nipv4 = ["{source}"]\nipv6 = []\n[daemon]\nsettle = "{settle}"\n'
        )
        config.chmod(0o600)
        stage.start(sample.space, sample.folder / "log", program, "--config", config, "--state-dir", sample.folder / "state")

    return start


def inadyn(period):
    def start(stage, sample):
        config = sample.folder / "inadyn.conf"
        config.write_text(
            (f"period = {period}\n" if period else "")
            + "iface = wan0\ncustom home {\n  username = name\n  password = word\n  ssl = false\n"
            f'  ddns-server = 127.0.0.1:{PORT}\n  ddns-path = "/nic/update?hostname=%h&myip=%i"\n  hostname = {NAME}\n}}\n'
        )
        config.chmod(0o600)
        stage.start(
            sample.space, sample.folder / "log", "inadyn", "--foreground", "--no-pidfile", "--config", config, "--cache-dir", sample.folder
        )

    return start


def ddclient(interval):
    def start(stage, sample):
        config = sample.folder / "ddclient.conf"
        config.write_text(
            f"protocol=dyndns2\nuse=if, if=wan0\nserver=127.0.0.1:{PORT}\nssl=no\nlogin=name\npassword='word'\n{NAME}\n"
        )
        config.chmod(0o600)
        stage.start(
            sample.space, sample.folder / "log", "ddclient", "-foreground", "-daemon", str(interval), "-file", config,
            "-cache", sample.folder / "cache", "-pid", sample.folder / "pid",
        )  # fmt: skip

    return start


class Row:
    """Several samples of one program with one setting."""

    def __init__(self, what, setting, place, expected, start, interval=None):
        self.what, self.setting, self.place, self.expected = what, setting, place, expected
        self.start, self.interval = start, interval
        self.samples = []

    def needs(self):
        tools = {"inadyn": ["inadyn"], "ddclient": ["ddclient"]}.get(self.what, [])
        return tools + (["miniupnpd", "nft"] if self.place == "router" else [])

    def build(self, stage, provider, count):
        for number in range(count):
            sample = Sample(stage, number)
            getattr(sample, self.place)(stage)
            provider.open(sample)
            self.start(stage, sample)
            self.samples.append(sample)

    def show(self):
        times = sorted(time for time in (sample.reaction() for sample in self.samples) if time is not None)
        figures = ["-", "-", "-"]
        if times:
            nearest = times[-(-len(times) * 95 // 100) - 1]
            figures = [seconds(statistics.median(times)), seconds(nearest), seconds(times[-1])]
        requests = sum(sample.requests() for sample in self.samples if sample.changed)
        counts = [f"{len(times)}/{len(self.samples)}", str(requests)]
        return [self.what, self.setting, self.place, self.expected, *figures, *counts]


def seconds(value):
    return f"{value * 1000:.1f} ms" if value < 1 else f"{value:.1f} s"


def begin(provider, rows, limit):
    """Waits until every name was published once; who never is takes no part."""
    samples = [sample for row in rows for sample in row.samples]
    provider.wait(time.monotonic() + limit, lambda: all(map(Sample.begun, samples)))
    for row in rows:
        for sample in row.samples:
            if not sample.begun():
                log = (sample.folder / "log").read_text(errors="replace")
                print(f"{row.what}, {row.setting}, {row.place}: nothing was ever published:\n{log[-2000:]}", file=sys.stderr)
        row.samples = [sample for sample in row.samples if sample.begun()]


def rested(provider, rows):
    """One change after the other, when all have rested."""
    begin(provider, rows, 60)
    if not any(row.samples for row in rows):
        return
    first = max((sample.seen[-1][0] for row in rows for sample in row.samples))
    time.sleep(max(0, first + 62 - time.monotonic()))
    for row in rows:
        for sample in row.samples:
            sample.change()
            provider.wait(sample.changed + 15, lambda sample=sample: sample.reaction() is not None)
    # Whoever would send twice has the time for it.
    time.sleep(2)


def spread(provider, rows):
    """Changes at even distances over one interval after the first request, for all at the same time."""
    begin(provider, rows, 90)
    due = []
    for row in rows:
        for number, sample in enumerate(row.samples):
            at = sample.seen[0][0] + (number + 0.5) / len(row.samples) * row.interval
            # Those that began first may be late already: the next interval is as good.
            while at < time.monotonic():
                at += row.interval
            due.append((at, id(sample), sample))
    for at, _, sample in sorted(due):
        time.sleep(max(0, at - time.monotonic()))
        sample.change()
    last = max((row.interval for row in rows), default=0) + 30
    samples = [sample for row in rows for sample in row.samples]
    provider.wait(time.monotonic() + last, lambda: all(sample.reaction() is not None for sample in samples))


def measure(program, repetitions, peers):
    ours = [
        Row("wanbeacon", f'settle = "{settle}"{note}', place, expected, wanbeacon(program, source, settle))
        for place, source in (("interface", "interface:wan0"), ("router", "upnp"))
        for settle, note, expected in (("500ms", " (default)", "0.5 s"), ("0s", "", "0 s"))
    ]
    others = [
        Row("inadyn", "120 s (default)", "interface", "60 s", inadyn(None), 120),
        Row("inadyn", "30 s (shortest)", "interface", "15 s", inadyn(30), 30),
        Row("ddclient", "300 s (default)", "interface", "150 s", ddclient(300), 300),
        Row("ddclient", "60 s (shortest)", "interface", "30 s", ddclient(60), 60),
    ]
    done = []
    for rows, count, play in ((ours, repetitions, rested), (others, peers, spread)):
        for row in rows:
            missing = [tool for tool in row.needs() if not shutil.which(tool)]
            if missing:
                print(f"left out: {row.what}, {row.setting}, {row.place}: there is no {missing[0]}", file=sys.stderr)
        rows = [row for row in rows if count and all(map(shutil.which, row.needs()))]
        stage = Stage()
        try:
            provider = Provider()
            for row in rows:
                row.build(stage, provider, count)
            play(provider, rows)
            done += rows
        finally:
            stage.strike()
    return done


def table(rows):
    head = ["program", "setting", "change at", "expected", "median", "95 %", "longest", "seen", "requests"]
    lines = [head, *(row.show() for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * width for width in widths])
    for line in lines:
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |")


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    rows = measure(sys.argv[1], int(os.environ.get("REPETITIONS", "20")), int(os.environ.get("PEERS", "20")))
    table(rows)


main()
