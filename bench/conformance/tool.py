"""fp4-quantize as a function: a matrix in, its bytes and figures out."""
import json
import pathlib
import subprocess


class Tool:
    def __init__(self, path, folder):
        self.path, self.folder = path, pathlib.Path(folder)

    def run(self, values, name, options):
        source = self.folder / "input.f32"
        outputs = {part: self.folder / part for part in ("codes", "scales", "decoded")}
        source.write_bytes(values.astype("<f4").tobytes())
        command = [self.path, str(source), "--rows", str(values.shape[0]), "--cols", str(values.shape[1]), "--format", name,
                   "-o", "json", *options.arguments()]
        for part, path in outputs.items():
            path.unlink(missing_ok=True)
            command += [f"--{part}", str(path)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            return None, f"exit code {done.returncode}: {done.stderr.strip()}"
        return {part: path.read_bytes() for part, path in outputs.items()}, json.loads(done.stdout)
