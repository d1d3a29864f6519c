"""bitsandbytes on a GPU, for the figures beside cuda_bench: the same sizes, counted alike.

compare_cuda.py [LOG2_SIZE ...]   (default: 23 26)

GB/s of quantize and then dequantize count the fp32 tensor once read and once written, as cuda_bench does; bitsandbytes
stores the codes in between. Times are between events, the best of all repeats, a device copy in turns.
"""
import sys

import torch

REPEATS = 30
BLOCK = 64


def seconds(work):
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    start.record()
    work()
    end.record()
    end.synchronize()
    return start.elapsed_time(end) / 1e3


def measure(kind, tensor):
    from bitsandbytes import functional

    copy = torch.empty_like(tensor)
    quantized = functional.quantize_4bit(tensor, blocksize=BLOCK, quant_type=kind)
    functional.dequantize_4bit(*quantized)
    best = {"quantize": 1e9, "dequantize": 1e9, "copy": 1e9}
    for _ in range(REPEATS):
        best["quantize"] = min(best["quantize"], seconds(lambda: functional.quantize_4bit(tensor, blocksize=BLOCK, quant_type=kind)))
        best["dequantize"] = min(best["dequantize"], seconds(lambda: functional.dequantize_4bit(*quantized)))
        best["copy"] = min(best["copy"], seconds(lambda: copy.copy_(tensor)))
    gigabytes = 8e-9 * tensor.numel()
    both = best["quantize"] + best["dequantize"]
    print(f"{kind}: quantize {1e3 * best['quantize']:.3f} ms, dequantize {1e3 * best['dequantize']:.3f} ms, "
          f"both {gigabytes / both:.0f} GB/s, {100 * best['copy'] / both:.0f} % of a copy")


def main():
    if not torch.cuda.is_available():
        sys.exit("compare_cuda.py: there is no GPU here; nothing was measured")
    import bitsandbytes

    print(f"{torch.cuda.get_device_name()}, bitsandbytes {bitsandbytes.__version__}, PyTorch {torch.__version__}, best of {REPEATS}")
    for log2_size in [int(argument) for argument in sys.argv[1:]] or [23, 26]:
        tensor = torch.randn(2**log2_size // 4096, 4096, device="cuda")
        print(f"{tensor.numel()} values")
        for kind in ("fp4", "nf4"):
            measure(kind, tensor)


if __name__ == "__main__":
    main()
