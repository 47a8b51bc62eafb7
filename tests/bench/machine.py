"""What the kernel says: processor time, memory, cores; and how fast OpenSSL is here."""
import os
import pathlib
import re
import subprocess

TICKS = os.sysconf("SC_CLK_TCK")
SERVER_CORE, PEER_CORE = 0, 1


def cpu_of(pid):
    """Seconds of processor time that all threads of a process have spent, the kernel's work for them included."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_of(pid):
    """MiB of each kind, from the kernel's own sum."""
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return {name: int(kib) / 1024 for name, kib in re.findall(r"^(\w+): +(\d+) kB", text, re.M)}


def peak_of(pid):
    """MiB: the most that was resident."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", text)[1]) / 1024


def pin(pid, core):
    """All threads of a process to one core; those it makes later too."""
    subprocess.run(["taskset", "-acp", str(core), str(pid)], check=True, capture_output=True)


def openssl_signs():
    """RSA-2048 signatures a second of the server's core."""
    done = subprocess.run(["taskset", "-c", str(SERVER_CORE), "openssl", "speed", "-seconds", "2", "rsa2048"],
                          capture_output=True, text=True, check=True)
    line = next(line for line in done.stdout.split("\n") if line.startswith("rsa 2048"))
    return float(line.split()[-2])
