"""The Kubernetes manifests: every field is known, pods are restricted, and names meet."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from voice_replication.serving.metrics import Metrics
from voice_replication.serving.settings import PREFIX, ServerSettings

ROOT = Path(__file__).resolve().parents[3]
DEPLOY = ROOT / "deploy"
KUBERNETES = sorted((DEPLOY / "kubernetes").rglob("*.yaml"))
DEFAULTS = ServerSettings(home=Path("/nowhere"))
WORKLOADS = ("StatefulSet", "Deployment")
PATCH = DEPLOY / "kubernetes" / "ray" / "studio-patch.yaml"
IMAGE = {  # what the image sets
    name: value
    for name, value in re.findall(r"(\w+)=(\S+)", (DEPLOY / "Dockerfile").read_text())
    if name.startswith("VOICECLONE_")
}


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def objects(folder: str) -> list[dict[str, Any]]:
    """The objects of ``studio`` or ``ray``, as ``kubectl kustomize`` would join them."""
    place = DEPLOY / "kubernetes" / folder
    found: list[dict[str, Any]] = []
    for name in load(place / "kustomization.yaml")["resources"]:
        if name.endswith(".yaml"):
            found += [item for item in yaml.safe_load_all((place / name).read_text()) if item]
        else:
            found += objects(str((place / name).resolve().relative_to(DEPLOY / "kubernetes")))
    return found


def containers(item: dict[str, Any]) -> list[dict[str, Any]]:
    pod = item["spec"]["template"]["spec"]
    return [*pod.get("initContainers", []), *pod["containers"]]


def named(kind: str, name: str) -> dict[str, Any]:
    (found,) = (o for o in objects("ray") if (o["kind"], o["metadata"]["name"]) == (kind, name))
    return found


@pytest.mark.parametrize("version", ["1.31", "1.34", "1.37"])
def test_kubernetes_knows_every_field(version: str) -> None:
    """Strict: a misspelled field is an error, not something that is silently dropped."""
    items = objects("ray")
    assert {item["kind"] for item in items} >= {
        "StatefulSet", "Deployment", "Service", "PodDisruptionBudget", "NetworkPolicy",
        "HorizontalPodAutoscaler", "Ingress", "Namespace",
    }  # fmt: skip
    for item in items:
        kubernetes_validate.validate(item, version, strict=True)


def test_a_misspelled_field_would_be_found() -> None:
    item = named("StatefulSet", "studio")
    item["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(item, "1.34", strict=True)


def test_every_file_is_part_of_something() -> None:
    used = {"prometheus-adapter.yaml"}  # values for that chart
    for path in KUBERNETES:
        if path.name == "kustomization.yaml":
            values = load(path)
            used |= {path.name, *values["resources"]}
            used |= {patch["path"] for patch in values.get("patches", [])}
    assert {path.name for path in KUBERNETES} == {name for name in used if name.endswith(".yaml")}


@pytest.mark.parametrize(
    "item",
    [o for o in objects("ray") if o["kind"] in WORKLOADS] + [load(PATCH)],
    ids=lambda item: f"{item['kind']}-{item['metadata']['name']}",
)
def test_pods_are_restricted_and_bounded(item: dict[str, Any]) -> None:
    """What the Pod Security Standard 'restricted' asks for, which the namespace enforces."""
    pod = item["spec"]["template"]["spec"]
    patch = "serviceName" not in item["spec"] and item["kind"] == "StatefulSet"
    if not patch:
        assert pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["runAsUser"] > 0
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
    for container in containers(item):
        if patch and container["name"] == "studio":
            continue  # only adds to what is checked elsewhere
        context = container["securityContext"]
        assert context["allowPrivilegeEscalation"] is False and context["readOnlyRootFilesystem"]
        assert context["capabilities"] == {"drop": ["ALL"]}
        for bound in ("requests", "limits"):
            assert {"cpu", "memory", "ephemeral-storage"} <= set(container["resources"][bound])
        writable = {mount["mountPath"] for mount in container["volumeMounts"]}
        assert "/tmp" in writable


def test_the_pods_user_is_the_images() -> None:
    (user,) = re.findall(r"^USER (\d+):\d+$", (DEPLOY / "Dockerfile").read_text(), re.M)
    for item in (o for o in objects("ray") if o["kind"] in WORKLOADS):
        assert str(item["spec"]["template"]["spec"]["securityContext"]["runAsUser"]) == user


def test_the_studios_pod_fits_the_program() -> None:
    (studio,) = containers(named("StatefulSet", "studio"))
    environment = {e["name"]: e["value"] for e in studio["env"]}
    settings = ServerSettings.from_environment(environ={**IMAGE, **environment})
    assert settings.keys_required
    assert studio["ports"] == [{"name": "http", "containerPort": settings.port}]
    paths = {studio[probe]["httpGet"]["path"] for probe in studio if probe.endswith("Probe")}
    assert paths == {"/healthz", "/readyz"}
    assert studio["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert studio["livenessProbe"]["httpGet"]["path"] == "/healthz"  # a full disk is no reason
    mounts = {mount["mountPath"] for mount in studio["volumeMounts"]}
    assert IMAGE["VOICECLONE_HOME"] in mounts
    assert named("StatefulSet", "studio")["spec"]["replicas"] == 1


def test_selectors_find_their_pods() -> None:
    pods = [
        o["spec"]["template"]["metadata"]["labels"]
        for o in objects("ray")
        if o["kind"] in WORKLOADS
    ]
    for item in objects("ray"):
        selector = (
            item["spec"].get("selector") or item["spec"].get("podSelector")
            if "spec" in item
            else None
        )
        if not selector:
            continue
        wanted = selector.get("matchLabels", selector)
        assert any(wanted.items() <= labels.items() for labels in pods), item["metadata"]["name"]


def test_the_autoscaler_looks_at_the_queue_of_the_studio() -> None:
    scaler = named("HorizontalPodAutoscaler", "speakers")["spec"]
    target = scaler["scaleTargetRef"]
    assert "replicas" not in named(target["kind"], target["name"])["spec"]
    metric = scaler["metrics"][0]["object"]
    exported = Metrics().text().decode()
    assert f"# TYPE {metric['metric']['name']} gauge" in exported
    adapter = load(DEPLOY / "kubernetes" / "prometheus-adapter.yaml")["rules"]["custom"][0]
    assert adapter["name"]["as"] == metric["metric"]["name"]
    assert metric["describedObject"] == {"apiVersion": "v1", "kind": "Pod", "name": "studio-0"}
    assert float(metric["target"]["averageValue"]) < DEFAULTS.max_queue
    (studio,) = (c for c in containers(load(PATCH)) if c["name"] == "studio")
    values = {e["name"]: e.get("value", "10.0.0.1") for e in studio["env"]}
    settings = ServerSettings.from_environment(
        environ={k: v for k, v in values.items() if k.startswith(PREFIX)}
    )
    assert settings.engine == "ray" and settings.replicas == scaler["maxReplicas"]


def test_kustomize_joins_the_files() -> None:
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("kubectl is not installed; its files are checked one by one above")
    built = subprocess.run(
        [kubectl, "kustomize", str(DEPLOY / "kubernetes" / "ray")], capture_output=True, text=True
    )
    assert built.returncode == 0, built.stderr
    items = [item for item in yaml.safe_load_all(built.stdout) if item]
    assert len(items) == len(objects("ray"))
    for item in items:
        kubernetes_validate.validate(item, "1.34", strict=True)
    (studio,) = (item for item in items if item["kind"] == "StatefulSet")
    by_name = {container["name"]: container for container in containers(studio)}
    assert {c["image"] for c in by_name.values()} == {"voiceclone:0.1.0-ray"}
    names = [e["name"] for e in by_name["studio"]["env"]]
    assert f"{PREFIX}ENGINE" in names and f"{PREFIX}REQUIRE_KEYS" in names
    assert len(names) == len(set(names))
