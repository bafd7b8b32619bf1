# SPDX-License-Identifier: Apache-2.0
"""deploy/ for real: the image is built and its programs run; units, compose file and manifests pass their own tools."""
import json
import re
import shutil
import subprocess

import images
from components import HERE, command, fetch, go, need, wheel_tool
from harness import BUILD, SOURCE, test
from test_schema_forms import valid

DEPLOY = SOURCE / "deploy"
VALIDATOR = "1.37.0"  # of PyPI's kubernetes-validate, which carries the schemas of the API of that version
IMAGE = "millrace:test"


def programs():
    """Everything that is installed."""
    return sorted(path.name for folder in ("cli", "consumers", "producers") for path in (BUILD / folder).iterdir()
                  if path.is_file() and re.fullmatch(r"millrace|.*-(consumer|producer)", path.name))


def groups(t):
    return sorted({group["group"] for topic in json.loads(t.run("millrace", "events", "-o", "json").out)
                   for group in topic["consumers"]})


def documents(path):
    """The documents of a YAML file, read by the validator's own reader."""
    python = wheel_tool("kubernetes-validate", VALIDATOR, "kubernetes-validate", "python")
    script = "import json, sys, yaml; print(json.dumps([d for d in yaml.safe_load_all(open(sys.argv[1])) if d]))"
    return json.loads(subprocess.run([python, "-c", script, path], capture_output=True, text=True, check=True).stdout)


# ---- image ----
@test
def the_image_is_built_and_every_program_runs_in_it_as_a_user_without_rights(t):
    images.build(DEPLOY / "image/Containerfile", SOURCE, IMAGE)
    container = images.Container(IMAGE)
    t.running.append(container)
    assert container.run("ls", "/usr/local/bin").stdout.split() == programs()
    assert container.run("id", "-u").stdout == "10001\n"
    script = "for p in /usr/local/bin/*; do $p --version && ldd $p; done; echo end"
    said = container.run("sh", "-c", script).stdout
    assert said.count(" 0.") >= len(programs()) and "not found" not in said and said.endswith("end\n"), said[-2000:]
    written = container.run("sh", "-c", "touch /usr/local/bin/x /etc/x 2>&1; touch here && ls", expect=None).stdout
    assert written.count("Permission denied") == 2 and written.endswith("here\n"), written
    tools = container.run("sh", "-c", "command -v gcc cc c++ make meson ninja ccache python3 perl5.36-x86_64-linux-gnu; true").stdout
    assert tools == "", tools
    events = container.run("millrace", "simulate", "festivo", "-n", "20", "--service", "festivo-ticket").stdout
    checked = container.run("sh", "-c", f"festivo-ticket-producer --dry-run --print - <<'END'\n{events}END\n").stdout
    assert len(checked.splitlines()) == len(events.splitlines()) > 0, checked
    config = json.loads(images.run("inspect", "--type", "image", IMAGE))["OCIv1"]["config"]
    assert config["User"] == "10001:10001" and config["Cmd"] == ["millrace", "--help"] and not config.get("Entrypoint"), config
    assert config["Labels"]["org.opencontainers.image.licenses"] == "Apache-2.0", config


@test
def the_image_has_the_libraries_that_programs_need_and_no_other(t):
    wanted = set()
    for name in programs():
        needed = subprocess.run([need("readelf", "binutils"), "-d", t.binary(name)], capture_output=True, text=True, check=True)
        wanted |= set(re.findall(r"\(NEEDED\).*\[(.+)\]", needed.stdout))
    owners = subprocess.run(["dpkg-query", "-S", *[f"*/{name}" for name in wanted]], capture_output=True, text=True).stdout
    packages = {line.split(":")[0] for line in owners.splitlines() if "/lib/x86_64-linux-gnu/" in line or "/lib/aarch64" in line}
    lines = (DEPLOY / "packages/runtime.txt").read_text().splitlines()
    listed = {line for line in lines if not line.startswith("#")} - {"ca-certificates"}
    missing, extra = packages - listed - {"libc6", "libgcc-s1"}, listed - packages
    assert not missing and not extra, (missing, extra)


# ---- compose ----
@test
def the_compose_file_is_valid_and_opens_nothing_to_other_machines(t):
    path = DEPLOY / "compose/compose.yaml"
    assert valid("--builtin-schema", "vendor.compose-spec", path) == ""
    broken = t.path("compose.yaml", path.read_text().replace("    healthcheck:", "    healthcheque:", 1))
    assert valid("--builtin-schema", "vendor.compose-spec", broken) != "", "the schema finds nothing"
    (compose,) = documents(path)
    services = compose["services"]
    assert sorted(services.keys() - {"kafka", "postgres", "registry", "setup", "tool"}) == groups(t)
    for name, service in services.items():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), name
        wanted = {*service.get("depends_on", {}), *service.get("secrets", [])}
        assert wanted <= services.keys() | compose["secrets"].keys(), name
        if service["image"].startswith("${MILLRACE_IMAGE"):
            assert service["read_only"] and service["cap_drop"] == ["ALL"] and service["user"] == "10001:10001", name
            assert service["command"][0] in {*programs(), "sh"} or service["command"][0].endswith("-consumer"), name


# ---- Kubernetes ----
def restricted(pod):
    """Pod Security "restricted", rule by rule, for the fields that such pods have."""
    outer = pod["securityContext"]
    assert outer["runAsNonRoot"] and outer["seccompProfile"]["type"] == "RuntimeDefault" and outer["runAsUser"] > 0
    assert not pod.keys() & {"hostNetwork", "hostPID", "hostIPC"} and pod["automountServiceAccountToken"] is False
    assert all(volume.keys() & {"secret", "configMap"} for volume in pod.get("volumes", []))
    for container in pod["containers"] + pod.get("initContainers", []):
        inner = container["securityContext"]
        assert inner["allowPrivilegeEscalation"] is False and inner["capabilities"] == {"drop": ["ALL"]}
        assert inner["readOnlyRootFilesystem"] and container["resources"]["limits"]["memory"]
        assert all("hostPort" not in port for port in container.get("ports", []))
        mounts = {mount["name"] for mount in container.get("volumeMounts", [])}
        assert mounts <= {volume["name"] for volume in pod.get("volumes", [])}


def of_kind(made, kind):
    return {document["metadata"]["name"]: document for document in made if document["kind"] == kind}


def kustomize():
    module = "sigs.k8s.io/kustomize/kustomize/v5"
    return fetch("kustomize", [HERE / "kustomize/go.mod", HERE / "kustomize/go.sum"], lambda at: command(
        "kustomize", [go(), "build", "-mod=readonly", "-buildvcs=false", "-o", "kustomize", module], cwd=at)) / "kustomize"


@test
def the_kustomize_base_is_valid_restricted_and_has_every_consumer(t):
    path = t.path("base.yaml", command("kustomize", [kustomize(), "build", DEPLOY / "kubernetes/base"]))
    validate = wheel_tool("kubernetes-validate", VALIDATOR, "kubernetes-validate", "kubernetes-validate")
    for version in ("1.29.0", VALIDATOR):
        checked = subprocess.run([validate, "--strict", "-k", version, path], capture_output=True, text=True)
        assert checked.returncode == 0, checked.stdout + checked.stderr
    made = documents(path)
    sets, budgets, services = (of_kind(made, kind) for kind in ("StatefulSet", "PodDisruptionBudget", "Service"))
    assert sorted(sets) == sorted([f"{name}-consumer" for name in groups(t)] + ["millrace-registry"])
    for document in [*sets.values(), *of_kind(made, "Job").values()]:
        restricted(document["spec"]["template"]["spec"])
    for name, document in sets.items():
        template, selector = document["spec"]["template"], document["spec"]["selector"]["matchLabels"]
        assert selector.items() <= template["metadata"]["labels"].items(), name
        assert budgets[name]["spec"]["selector"]["matchLabels"] == selector, name
        assert services[document["spec"]["serviceName"]]["spec"]["selector"].items() <= template["metadata"]["labels"].items()
        if name != "millrace-registry":
            drains_in_time(template["spec"])


def drains_in_time(pod):
    env = {item["name"]: item.get("value") for item in pod["containers"][0]["env"]}
    assert pod["terminationGracePeriodSeconds"] > int(env["MILLRACE_DRAIN_TIMEOUT"].removesuffix("s"))


# ---- systemd ----
@test
def the_units_are_valid_and_well_shut_in(t):
    analyze = need("systemd-analyze", "systemd")
    for path in DEPLOY.glob("systemd/millrace*.*"):
        shutil.copy(path, t.folder)
    for path in t.folder.glob("*.service"):  # programs are where they are built, not where they will be installed
        text = path.read_text().replace("/usr/local/bin/millrace", str(BUILD / "cli/millrace"))
        path.write_text(re.sub(r"/usr/local/bin/%i-(consumer|producer)", rf"{BUILD}/\1s/%i-\1", text))
    units = ["millrace-registry.service", "millrace-consumer@order-management.service",
             "millrace-producer@order-management.service", "millrace-producer@order-management.timer"]
    done = subprocess.run([analyze, "verify", "--man=no", *[t.folder / unit for unit in units]], capture_output=True, text=True)
    ours = [line for line in done.stderr.splitlines() if "millrace" in line]
    assert done.returncode == 0 and not ours, done.stderr
    for unit in t.folder.glob("*.service"):
        done = subprocess.run([analyze, "security", "--offline=yes", "--threshold=20", "--no-pager", unit], capture_output=True, text=True)
        assert done.returncode == 0, f"{unit.name} is more exposed than 2.0\n{done.stdout[-2000:]}"
    text = (t.folder / "millrace-consumer@.service").read_text()
    drain = re.search(r"--drain-timeout.*\(default\s+(\d+)s\)", t.run("order-management-consumer", "--help").out, re.S)
    assert int(re.search(r"TimeoutStopSec=(\d+)", text)[1]) > int(drain[1])
