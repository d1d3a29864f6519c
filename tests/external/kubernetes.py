#!/usr/bin/env python3
"""Holds deploy/kubernetes to Kubernetes' own schemas. Needs kubernetes-validate and PyYAML of PyPI:

    python3 -m venv /tmp/kubernetes && /tmp/kubernetes/bin/pip install kubernetes-validate pyyaml
    /tmp/kubernetes/bin/python tests/external/kubernetes.py

Kinds that Kubernetes does not define itself (ServiceMonitor, ScaledJob, Kustomization) have no schema there: of a ScaledJob
the job that it makes is checked, of the others only that they can be read.
"""
import pathlib
import sys

import kubernetes_validate
import yaml

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "deploy" / "kubernetes"
OTHERS = {"Kustomization", "ServiceMonitor"}


def checked(resource):
    if resource["kind"] == "ScaledJob":
        return {"apiVersion": "batch/v1", "kind": "Job", "metadata": resource["metadata"], "spec": resource["spec"]["jobTargetRef"]}
    return resource


def main():
    failures = 0
    for path in sorted(FOLDER.glob("*.yaml")):
        for resource in yaml.safe_load_all(path.read_text()):
            name = f"{path.name}: {resource['kind']} {resource.get('metadata', {}).get('name', '')}"
            if resource["kind"] in OTHERS:
                print(f"read     {name}")
                continue
            try:
                kubernetes_validate.validate(checked(resource), kubernetes_validate.latest_version(), strict=True)
                print(f"valid    {name}")
            except kubernetes_validate.ValidationError as error:
                failures += 1
                print(f"INVALID  {name}: {'.'.join(map(str, error.path))}: {error.message}")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
