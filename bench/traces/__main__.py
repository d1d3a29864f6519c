"""Trains small models in plain PyTorch, to check fp4-train's numbers against.

An implementation of its own of docs/spec.md's "exact meanings", in fp32 on one CPU thread: written from the text, not from
the C++. It shares no code with the product; the quantizers are those of bench/conformance, written from docs/formats.md.

  traces run DOCUMENT.json     prints the trace of one document (first variant, or --variant)
  traces record FOLDER [CASE…] writes documents, weights and tokens of the cases that FOLDER lacks, or of those named, into
                               FOLDER, and into expected.json what PyTorch makes of them
  traces check FOLDER          compares expected.json with what PyTorch makes of the documents now
  traces check-quantizer       compares the FP4 quantizer with bitsandbytes'
  traces updates               prints the numbers of tests/trainer/optimizer/{adamw_kernel,muon}_test.cc

Needs: torch, numpy, safetensors (script/bench sets them up); bitsandbytes for check-quantizer.
"""
import argparse
import json
import pathlib
import sys

import torch

import record
import updates
from document import read_document
from operands import quantize
from training import trace


def check_quantizer():
    import bitsandbytes.functional as bnb
    generator = torch.Generator().manual_seed(0)
    differing = total = 0
    for shape in ((61, 24), (384, 384), (1024, 1024)):
        x = torch.randn(shape, generator=generator)
        codes, state = bnb.quantize_4bit(x, blocksize=64, quant_type="fp4")
        theirs = bnb.dequantize_4bit(codes, state)
        differing += (theirs != quantize(x, {"format": "fp4"})).sum().item()
        total += x.numel()
    print(f"{differing} of {total} values differ from bitsandbytes' {x.device} backend")
    return 0 if differing <= total * 1e-6 + 2 else 1


def main():
    parser = argparse.ArgumentParser(prog="traces", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["run", "record", "check", "check-quantizer", "updates"])
    parser.add_argument("path", nargs="?", type=pathlib.Path)
    parser.add_argument("cases", nargs="*")
    parser.add_argument("--variant")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.command == "check-quantizer":
        return check_quantizer()
    if arguments.command == "updates":
        return updates.print_all()
    if arguments.path is None:
        parser.error(f"{arguments.command} needs a path")
    if arguments.command == "record":
        return record.record(arguments.path, arguments.cases)
    if arguments.command == "check":
        return record.check(arguments.path)
    print(json.dumps(trace(read_document(arguments.path, arguments.variant)), indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
