"""A Debian of its own for a foreign program, made by tools/bare_root.sh before the tests entered their network."""
import os
import pathlib
import shutil
import subprocess

from .process import Process

ROOTS = pathlib.Path(os.environ.get("NESTBOX_ROOTS", pathlib.Path.home() / ".cache" / "nestbox"))


def _mount(*words):
    subprocess.run(["mount", *map(str, words)], check=True)


class Root:
    """Programs run below `path`.  What mounts are made here end with the tests' mount namespace."""

    def __init__(self, path):
        self.path = path
        _mount("-t", "proc", "proc", path / "proc")
        _mount("--rbind", "/dev", path / "dev")
        for name in ("resolv.conf", "hosts"):
            shutil.copyfile(f"/etc/{name}", path / "etc" / name)
        self.lab = path / "lab"
        self.lab.mkdir(exist_ok=True)

    @classmethod
    def over(cls, name, folder):
        """The cached root `name` under a layer of memory: it stays as it is, and nothing is left of a run."""
        base = ROOTS / name
        assert (base / ".complete").exists(), f"there is no root for {name} in {ROOTS}: run tests/e2e/run.sh"
        folder.mkdir(parents=True)
        _mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", folder)
        upper, work, path = (folder / part for part in ("upper", "work", "root"))
        for part in (upper, work, path):
            part.mkdir(mode=0o755)
        _mount("-t", "overlay", "overlay", "-o", f"lowerdir={base},upperdir={upper},workdir={work}", path)
        return cls(path)

    def __truediv__(self, inside):
        return self.path / str(inside).lstrip("/")

    def run(self, *words, input=None, seconds=60, may_fail=False):
        """One command; gives what it said."""
        done = subprocess.run(["chroot", str(self.path), *map(str, words)], input=input, capture_output=True,
                              stdin=subprocess.DEVNULL if input is None else None, timeout=seconds)
        if done.returncode != 0 and not may_fail:
            raise AssertionError(f"{' '.join(map(str, words))} ended with {done.returncode}: {done.stderr.decode()}")
        return done.stdout.decode("utf-8", "replace")

    def begin(self, name, *words, env=None):
        """A program that runs on, and does not hide behind its starter."""
        return Process(name, ["chroot", self.path, *words], self.path / "lab" / f"{name}.log",
                       env={**os.environ, **(env or {})})
