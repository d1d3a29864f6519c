"""The published errors of bitsandbytes' own tests, through fp4-quantize: normal numbers, 1024x1024, every block size.

Each mean has to lie within 7 standard deviations of the published one. Usage: check_table.py [--tool build/bin/fp4-quantize]"""
import argparse
import sys
import tempfile

import numpy as np

from formats import Options
from tool import Tool

# block: (fp4 absolute, sigma, fp4 relative, sigma, nf4 absolute, sigma, nf4 relative, sigma)
PUBLISHED = {
    32: (.088925, .000091, .242443, .000330, .067746, .000069, .189726, .000304),
    64: (.096543, .000111, .260125, .000379, .072798, .000074, .203339, .000340),
    128: (.102969, .000134, .275817, .000433, .076831, .000091, .215237, .000391),
    256: (.108684, .000182, .289831, .000497, .080337, .000102, .226105, .000398),
    512: (.114115, .000234, .302881, .000583, .083547, .000143, .236079, .000544),
    1024: (.119333, .000320, .315000, .000757, .086610, .000187, .245370, .000600),
    2048: (.124556, .000455, .326607, .001, .089592, .000251, .254163, .000747),
    4096: (.129536, .000612, .337169, .001239, .092547, .000360, .262473, .000999)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tool", default="build/bin/fp4-quantize")
    arguments = parser.parse_args()
    random = np.random.default_rng(4)
    good = True
    with tempfile.TemporaryDirectory() as folder:
        tool = Tool(arguments.tool, folder)
        for block, row in PUBLISHED.items():
            values = random.standard_normal((1024, 1024)).astype(np.float32)
            away = []
            for name, numbers in (("fp4", row[:4]), ("nf4", row[4:])):
                _, figures = tool.run(values, name, Options(block=str(block)))
                away.append((figures["mean_abs_error"] - numbers[0]) / numbers[1])
                away.append((figures["mean_relative_error"] - numbers[2]) / numbers[3])
            good &= max(map(abs, away)) <= 7
            print(f"block {block}: fp4 absolute {away[0]:+.1f}, relative {away[1]:+.1f}; "
                  f"nf4 absolute {away[2]:+.1f}, relative {away[3]:+.1f} sigma")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
