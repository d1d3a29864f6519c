"""A lab as docs/operations.md sets it up, each of its two machines a network namespace of this one."""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile

from harness import BIN, DEADLINE_SECONDS, REPOSITORY, wait_for

MACHINES = {"lab": "10.44.4.1", "gpu1": "10.44.4.2"}


def may_make_namespaces():
    """Tries it: in a chroot a namespace can be made and not be entered."""
    name = f"fp4-{os.getpid()}-try"
    if shutil.which("ip") is None or subprocess.run(["ip", "netns", "add", name], capture_output=True).returncode != 0:
        return False
    entered = subprocess.run(["ip", "-n", name, "link", "set", "lo", "up"], capture_output=True).returncode == 0
    subprocess.run(["ip", "netns", "del", name], capture_output=True)
    return entered


def documented_commands():
    """(machine, command) in the order of the page."""
    page = (REPOSITORY / "docs/operations.md").read_text()
    block = re.search(r"## A lab with TLS in ten commands\n.*?```sh\n(.*?)```", page, re.S).group(1)
    machine, commands = "", []
    for line in block.splitlines():
        if match := re.match(r"# on (\w+):", line):
            machine = match.group(1)
        else:
            commands.append((machine, line))
    return commands


class Machine:
    """A network namespace, a home folder, and what was exported in its shell."""

    def __init__(self, name, namespace, folder):
        self.name, self.namespace, self.folder = name, namespace, folder
        self.environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "NO_COLOR": "1"}
        for variable in ("FP4_CONTROLLER", "FP4_TOKEN_FILE", "FP4_TLS_AUTHORITY"):
            self.environment.pop(variable, None)
        self.daemons, self.before_daemons = [], ""
        folder.mkdir()

    def start(self, command):
        with open(self.folder / f"daemon-{len(self.daemons)}.log", "ab") as log:
            self.daemons.append(self._start(command, log))

    def start_quietly(self, command):
        return self._start(command, subprocess.DEVNULL)

    def _start(self, command, log):
        return subprocess.Popen(self._inside(["bash", "-c", f"{self.before_daemons}exec {command}"]), cwd=self.folder, env=self.environment,
                                stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def run(self, command, status=0, **variables):
        done = subprocess.run(self._inside(["bash", "-c", command]), cwd=self.folder, env={**self.environment, **variables},
                              capture_output=True, text=True, errors="replace", timeout=DEADLINE_SECONDS)
        if status is not None and done.returncode != status:
            raise AssertionError(f"on {self.name}: {command}: exit {done.returncode}\n{done.stdout}\n{done.stderr}\n{self.logs()}")
        return done

    def export(self, command):
        before = set(self.environment.items())
        text = self.run(f"{command}; env -0").stdout
        after = dict(entry.split("=", 1) for entry in text.split("\0") if entry)
        self.environment.update({k: v for k, v in after.items() if (k, v) not in before and k.startswith("FP4_")})

    def logs(self):
        return "\n".join(path.read_text(errors="replace")[-6000:] for path in sorted(self.folder.glob("daemon-*.log")))

    def stop(self):
        for daemon in reversed(self.daemons):
            if daemon.poll() is None:
                daemon.send_signal(signal.SIGTERM)
                try:
                    daemon.wait(timeout=60)
                except subprocess.TimeoutExpired:
                    daemon.kill()
                    daemon.wait()

    def _inside(self, command):
        return ["ip", "netns", "exec", self.namespace, *command]


class Lab:
    """Set up by the documented commands when it is made; ended with the test."""

    def __init__(self, test, documents, before_daemons=""):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="fp4-lab-"))
        test.addCleanup(self.close)
        self.machines = {name: Machine(name, f"fp4-{os.getpid()}-{name}", self.folder / name) for name in MACHINES}
        for machine in self.machines.values():
            machine.before_daemons = before_daemons
        self._connect()
        for name, text in documents.items():
            (self.lab.folder / name).write_text(text)
        self.outputs = [self._perform(*command) for command in documented_commands()]

    lab = property(lambda self: self.machines["lab"])
    gpu1 = property(lambda self: self.machines["gpu1"])

    def _connect(self):
        for machine in self.machines.values():
            self._ip("netns", "add", machine.namespace)
            self._ip("-n", machine.namespace, "link", "set", "lo", "up")
        lab, gpu1 = (machine.namespace for machine in self.machines.values())
        self._ip("link", "add", "fp4", "netns", lab, "type", "veth", "peer", "name", "fp4", "netns", gpu1)
        for name, address in MACHINES.items():
            namespace = self.machines[name].namespace
            self._ip("-n", namespace, "address", "add", f"{address}/24", "dev", "fp4")
            self._ip("-n", namespace, "link", "set", "fp4", "up")

    def _ip(self, *arguments):
        subprocess.run(["ip", *arguments], check=True, capture_output=True)

    def _perform(self, machine, command):
        """Names of machines become addresses, for there is nobody to ask for them; a copy goes to the other machine's folder."""
        machine = self.machines[machine]
        if copied := re.fullmatch(r"scp (.*) gpu1:", command):
            for file in copied.group(1).split():
                shutil.copy2(machine.folder / file, self.gpu1.folder)
            return ""
        command = re.sub(r"(?<=[ =])lab(?=:\d| --worker)", MACHINES["lab"], command).replace("--allow-path /data", f"--allow-path {self.folder}")
        if command.startswith("export"):
            machine.export(command)
        elif command.endswith(" &"):
            machine.start(command[:-2])
            folder = re.search(r"--(?:data|work)-dir (\S+)", command).group(1)
            wait_for(f"{folder}/endpoints.json on {machine.name}", lambda: self._serves(machine, folder))
        else:
            return machine.run(command).stdout
        return ""

    def _serves(self, machine, folder):
        if machine.daemons[-1].poll() is not None:
            raise AssertionError(f"on {machine.name} a daemon has ended:\n{machine.logs()}")
        return (machine.folder / folder / "endpoints.json").exists()

    def close(self):
        for machine in reversed(self.machines.values()):
            machine.stop()
            subprocess.run(["ip", "netns", "del", machine.namespace], capture_output=True)
        shutil.rmtree(self.folder, ignore_errors=True)
