"""Which elements share a scale, and reductions over them in the order of the elements."""
import numpy as np

F = np.float32


class Blocks:
    def __init__(self, shape, block, flat):
        """block: 'none', 'tensor', 'row', '64' (flat, or 1x64 where not flat), 'RxC'."""
        self.shape = shape
        rows, columns = shape
        index = np.arange(rows * columns)
        row, column = index // columns, index % columns
        if block == "tensor":
            self.of = np.zeros_like(index)
        elif block == "row":
            self.of = row
        elif block == "none":
            self.of = index
        elif "x" not in block and flat:
            self.of = index // int(block)
        else:
            tile_rows, tile_columns = (1, int(block)) if "x" not in block else map(int, block.split("x"))
            self.of = (row // tile_rows) * -(-columns // tile_columns) + column // tile_columns
        self.count = int(self.of.max()) + 1

    def amax(self, x):
        """Of the finite elements; 0 where there is none."""
        out = np.zeros(self.count, F)
        np.maximum.at(out, self.of, np.where(np.isfinite(x), np.abs(x), F(0)))
        return out

    def poisoned(self, x):
        out = np.zeros(self.count, bool)
        np.logical_or.at(out, self.of, ~np.isfinite(x))
        return out

    def sums(self, values):
        """fp32 sums, one rounding an addition, in the order of the elements (row by row in a tile)."""
        order = np.argsort(self.of, kind="stable")
        sorted_of = self.of[order]
        starts = np.searchsorted(sorted_of, np.arange(self.count))
        position = np.arange(len(order)) - starts[sorted_of]
        sums = np.zeros(self.count, F)
        for k in range(int(position.max()) + 1):
            chosen = order[position == k]
            sums[self.of[chosen]] = sums[self.of[chosen]] + values[chosen]
        return sums

    def mean_magnitudes(self, x):
        """Of the finite elements, summed in double in the order of the elements, rounded to fp32 once."""
        finite = np.isfinite(x)
        sums = np.zeros(self.count, np.float64)
        np.add.at(sums, self.of, np.where(finite, np.abs(x), F(0)).astype(np.float64))
        counts = np.bincount(self.of, weights=finite, minlength=self.count)
        return (sums / np.maximum(counts, 1)).astype(F)


def pack4(codes, high_first):
    codes = np.append(codes, np.zeros(len(codes) % 2, np.uint8)).reshape(-1, 2).astype(np.uint8)
    first, second = (codes[:, 0], codes[:, 1]) if high_first else (codes[:, 1], codes[:, 0])
    return ((first << 4) | second).astype(np.uint8).tobytes()


def pack_bits(codes, width):
    """width-bit codes from the low end of each byte."""
    per_byte = 8 // width
    padded = np.append(codes, np.zeros(-len(codes) % per_byte, np.uint8)).reshape(-1, per_byte).astype(np.uint8)
    out = np.zeros(len(padded), np.uint8)
    for i in range(per_byte):
        out |= padded[:, i] << (width * i)
    return out.tobytes()
