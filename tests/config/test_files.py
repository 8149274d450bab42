"""
The files that operators run Luot with: each is right in the eyes of the program that reads it.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.tools import program, runs

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "config"
UNITS = sorted((CONFIG / "systemd").glob("*.service"))
MANIFESTS = sorted((CONFIG / "kubernetes").glob("*.yaml"))

#: Kubernetes whose schemas the manifests are held against.
KUBERNETES = "1.37"


#: Kinds of manifests that something runs by.
RUNNING = frozenset({"StatefulSet", "Deployment"})


def text_of(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def named(file: Path) -> str:
    return file.name


def documents() -> Iterator[dict[str, Any]]:
    for file in MANIFESTS:
        yield from yaml.safe_load_all(text_of(file))


def compose() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(text_of(CONFIG / "compose.yaml"))["services"]
    return found


def test_the_dockerfile_has_no_fault() -> None:
    hadolint = Path(sys.executable).parent / "hadolint"
    if not hadolint.exists():
        pytest.skip("hadolint cannot be had: it is in the extra dev")

    assert "" == runs(str(hadolint), "--failure-threshold", "info", str(ROOT / "Dockerfile"))


def test_the_image_installs_what_is_locked_and_runs_as_nobody() -> None:
    text = text_of(ROOT / "Dockerfile")

    assert 2 == text.count("--require-hashes")
    assert 2 == len(re.findall(r"^FROM \$\{PYTHON_IMAGE\}", text, re.MULTILINE))
    assert re.search(r"^USER \$\{LUOT_UID\}:\$\{LUOT_UID\}$", text, re.MULTILINE)
    assert "sbom.py" in text


def test_nginx_takes_its_settings(tmp_path: Path) -> None:
    told = text_of(CONFIG / "nginx.conf").replace("/tmp/", f"{tmp_path}/")  # noqa: S108 - its own folder instead
    told = told.replace("server luot:8000", "server 127.0.0.1:8000")
    (tmp_path / "nginx.conf").write_text(told, encoding="utf-8")
    said = runs(
        program("nginx", "nginx"), "-t", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")
    )

    assert "test is successful" in said
    assert "[warn]" not in said


@pytest.mark.parametrize("unit", UNITS, ids=named)
def test_systemd_takes_the_unit_and_finds_it_well_shut(unit: Path, tmp_path: Path) -> None:
    analyze = program("systemd-analyze", "systemd")
    told = text_of(unit).replace("/opt/luot/bin/luot", "/bin/true")
    file = tmp_path / unit.name
    file.write_text(re.sub(r"^Documentation=.*\n", "", told, flags=re.MULTILINE), encoding="utf-8")
    done = subprocess.run(
        [analyze, "verify", "--recursive-errors=no", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    if "bus" in done.stderr and done.returncode:
        pytest.skip("systemd-analyze verify needs a running systemd here")
    assert (0, "") == (done.returncode, done.stderr)
    said = runs(analyze, "security", "--offline=yes", "--threshold=20", str(file))
    assert "OK" in said


def test_the_units_differ_in_what_they_start_only() -> None:
    def rest(unit: Path) -> list[str]:
        lines = text_of(unit).splitlines()
        return [line for line in lines if not line.startswith(("ExecStart=", "Description="))]

    assert [rest(UNITS[0])] * len(UNITS) == [rest(unit) for unit in UNITS]


@pytest.mark.parametrize(
    "manifest", list(documents()), ids=lambda row: f"{row['kind']}-{row['metadata']['name']}"
)
def test_kubernetes_takes_the_manifest(manifest: dict[str, Any]) -> None:
    validate = pytest.importorskip("kubernetes_validate")
    if manifest["apiVersion"].startswith("monitoring.coreos.com"):
        assert manifest["spec"]["endpoints"][0]["path"] == "/metrics"
        return
    validate.validate(manifest, KUBERNETES, strict=True)


def test_all_that_run_in_kubernetes_are_nobody_on_a_root_that_cannot_be_written() -> None:
    found = [row["spec"]["template"]["spec"] for row in documents() if row["kind"] in RUNNING]

    assert 2 == len(found)
    for pod in found:
        assert pod["securityContext"]["runAsNonRoot"]
        for one in (*pod["containers"], *pod.get("initContainers", [])):
            assert one["securityContext"]["readOnlyRootFilesystem"]
            assert ["ALL"] == one["securityContext"]["capabilities"]["drop"]
            assert not one["securityContext"]["allowPrivilegeEscalation"]


def test_the_selectors_of_kubernetes_find_what_they_are_to_find() -> None:
    rows = list(documents())
    labels = [
        row["spec"]["template"]["metadata"]["labels"] for row in rows if row["kind"] in RUNNING
    ]
    asked = [
        row["spec"]["selector"] for row in rows if row["kind"] in {"Service", "PodDisruptionBudget"}
    ]
    for selector in asked:
        wanted = selector.get("matchLabels", selector)
        assert any(wanted.items() <= found.items() for found in labels), wanted


def test_everything_of_compose_is_shut_and_its_files_are_there() -> None:
    services = compose()

    assert {"valkey", "postgres", "web", "scheduler", "prometheus", "grafana", "nginx"} <= set(
        services
    )
    for name, one in services.items():
        assert one["read_only"], name
        assert ["ALL"] == one["cap_drop"], name
        for volume in one.get("volumes", []):
            source = volume.split(":")[0]
            # The operator's own settings are the one file that is not shipped by another name.
            assert not source.startswith("./") or (CONFIG / source).exists(), source


def test_only_nginx_and_the_board_of_compose_can_be_reached_and_from_this_machine_alone() -> None:
    ports = {name: one["ports"] for name, one in compose().items() if "ports" in one}

    assert {"nginx", "grafana"} == set(ports)
    for told in ports.values():
        assert all(":-127.0.0.1:" in port for port in told)


def test_the_board_is_whole() -> None:
    board = json.loads(text_of(CONFIG / "grafana" / "luot.json"))
    numbers = [panel["id"] for panel in board["panels"]]

    assert len(numbers) == len(set(numbers))
    assert all(panel.get("targets") for panel in board["panels"] if panel["type"] != "row")
    assert os.linesep == text_of(CONFIG / "grafana" / "luot.json")[-1]
