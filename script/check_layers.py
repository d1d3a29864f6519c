#!/usr/bin/env python3
"""Checks that includes go one way between the folders, and that heavy libraries stay where they belong.

What a target links enforces most of this; an include alone can slip through a header-only dependency.
"""
import pathlib
import re
import subprocess
import sys

# Folder -> folders it may include from (itself always). The longest matching prefix of a path counts.
MAY_USE = {
    "base": [],
    "tls": ["base"],
    "telemetry": ["base", "tls"],
    "safetensors": ["base"],
    "page": ["base"],
    "numerics": ["base"],
    "numerics/tool": ["base", "numerics", "page", "safetensors", "spec/suggest.h"],
    "spec": ["base", "numerics/format.h", "numerics/formats", "numerics/quantizer_options.h"],
    "proto": [],
    "wire": ["base", "spec", "proto", "tls"],
    "daemon": ["base", "spec"],
    "server/core": ["base", "spec", "numerics/format.h", "numerics/arithmetic/philox.h", "numerics/arithmetic/random.h"],
    "server/access": ["base"],
    "server/store": ["base", "spec", "server/access", "server/core"],
    "server/artifacts": ["base", "server/core", "server/store"],
    "server/rpc": ["base", "spec", "tls", "server/access", "server/artifacts", "server/core", "server/store", "proto", "wire", "telemetry"],
    "server/provision": ["base", "server/core", "server/store", "telemetry"],
    "server/http": ["base", "server/artifacts", "server/core", "server/store", "telemetry"],
    "server/web": ["base", "spec", "server/access", "server/core", "server/store", "server/rpc", "proto", "wire", "telemetry", "page/live"],
    "server": ["base", "daemon", "spec", "server", "telemetry", "tls", "proto", "wire"],
    "worker": ["base", "daemon", "spec", "telemetry", "tls", "worker", "wire/library_log.h", "wire/channel_security.h"],
    "worker/host": ["base", "spec", "telemetry", "worker/types.h"],
    "worker/run": ["base", "spec", "worker/types.h", "worker/host"],
    "worker/checkpoints": ["base", "telemetry", "worker/types.h", "worker/host/trainer_user.h", "worker/run/checkpoint_carrier.h"],
    "worker/rpc": ["base", "spec", "proto", "tls", "wire", "worker/types.h", "worker/checkpoints/checkpoint_client.h", "worker/controller_client.h", "worker/mailbox.h"],
    "client": ["base", "page", "safetensors", "spec", "proto", "tls", "wire"],
    "trainer/data": ["base", "spec", "numerics/format.h", "numerics/arithmetic/philox.h"],
    "trainer": ["base", "spec", "numerics", "safetensors", "trainer"],
}
# A header's pattern -> the folders that may include it.
ONLY_IN = {
    r"(torch|ATen|c10)/": ["trainer", "tests/trainer", "bench"],
    r"(grpcpp|grpc)/": ["wire", "server/rpc", "server", "worker/rpc", "client", "tests", "bench"],
    r"SQLiteCpp/|sqlite3\.h": ["server/store", "tests/server"],
    r"openssl/": ["tls", "server/access/token.cc", "base/sha256.cc"],
    r"(spdlog|fmt)/": ["base/log.cc"],
    # Slow to compile: behind one file of each program.
    r"CLI/": ["client/command_line.cc", "daemon/flags.cc", "server/options.cc", "worker/options.cc", "trainer/run/options.cc", "trainer/prepare/options.cc",
              "numerics/tool/options.cc"],
    r"prometheus/": ["telemetry", "server", "worker", "tests"],
    r"httplib\.h": ["telemetry", "server/http", "client", "tests"],
}
INCLUDE = re.compile(r'^\s*#\s*include\s*["<]([^">]+)[">]', re.M)


def under(path, prefix):
    return path == prefix or path.startswith(prefix + "/")


def layer_of(path):
    return max((name for name in MAY_USE if under(path, name)), key=len, default=None)


def problems(path, text):
    layer = layer_of(path)
    for header in INCLUDE.findall(text):
        target = layer_of(header)
        if layer and target and target != layer and not any(under(header, use) for use in MAY_USE[layer]):
            yield f"{path}: includes {header}, but {layer} may use only: {', '.join(MAY_USE[layer]) or 'itself'}"
        for pattern, allowed in ONLY_IN.items():
            if re.match(pattern, header) and not any(under(path, folder) for folder in allowed):
                yield f"{path}: includes {header}, which only {', '.join(allowed)} may"


def main():
    files = subprocess.run(["git", "ls-files", "*.h", "*.cc", "*.cu", "*.cuh"], check=True, capture_output=True, text=True)
    found = [p for path in files.stdout.split() for p in problems(path, pathlib.Path(path).read_text())]
    print("\n".join(found) if found else "layers: clean")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
