# SPDX-License-Identifier: Apache-2.0
"""Container images without a daemon, by buildah: a base of Debian's own packages, and what a Containerfile makes of it.
Images and layers stay in the cache, so that only what changed is made again."""
import os
import shutil
import subprocess
import tempfile

from components import Missing, cache_dir, command, need

NAME = "a container image"
SUITE = "bookworm"
BASE = f"debian:{SUITE}-slim"


def buildah(*words):
    if os.getuid() != 0:
        raise Missing(f"{NAME} is built as root here")
    store = cache_dir() / "images"
    store.mkdir(parents=True, exist_ok=True)
    return [need("buildah", NAME), "--root", store / "store", "--runroot", store / "run", "--storage-driver", "overlay", *words]


def run(*words):
    return command(NAME, buildah(*words))


def has(image):
    return subprocess.run([*map(str, buildah("inspect", "--type", "image", image))], capture_output=True).returncode == 0


def make_base():
    """Debian's minimal system under the name that Containerfiles use, once."""
    if has(BASE):
        return
    debootstrap = need("debootstrap", NAME)
    folder = tempfile.mkdtemp(prefix="base-", dir=cache_dir())
    try:
        command(NAME, [debootstrap, "--variant=minbase", SUITE, f"{folder}/root"])
        command(NAME, ["rm", "-rf", f"{folder}/root/var/cache/apt", f"{folder}/root/var/lib/apt/lists", f"{folder}/root/debootstrap"])
        command(NAME, ["tar", "-C", f"{folder}/root", "--one-file-system", "-cf", f"{folder}/root.tar", "."])
        container = run("from", "scratch")
        run("add", "--quiet", container, f"{folder}/root.tar", "/")
        run("commit", "--quiet", "--rm", container, BASE)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def build(containerfile, context, name):
    make_base()
    run("bud", "--isolation", "chroot", "--pull-never", "--layers", "-f", containerfile, "-t", name, context)


class Container:
    """A container of an image; run() starts one program after another in it, as the image's own user."""

    def __init__(self, image):
        self.id = run("from", "--pull-never", image)

    def run(self, *words, expect=0):
        done = subprocess.run([*map(str, buildah("run", "--isolation", "chroot", self.id, "--", *words))],
                              capture_output=True, text=True, timeout=60)
        assert expect is None or done.returncode == expect, f"{words}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def stop(self):
        run("rm", self.id)
