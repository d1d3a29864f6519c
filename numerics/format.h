// What a number format is: its name, its blocks, and the exact bytes it makes of a matrix.
//
// One file under numerics/formats/ defines one format and registers it by its last line; the spec's
// choices, the reference page and the conformance tests find it here. The methods of Format are the
// definition: scalar, clear, slow. The fast paths (numerics/cpu, numerics/cuda) are held to it byte
// for byte. docs/formats.md says in words what every byte means and where the definition comes
// from.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "numerics/quantize_options.h"

namespace fp4::numerics {

// A tensor as a row-major matrix: (product of all dimensions but the last, last). Blocks run along
// the columns, which are the contraction dimension of a GEMM operand.
struct MatrixShape {
  // Both are at least 1 in every shape that Format::Check lets through.
  int64_t rows = 0;
  int64_t columns = 0;
  int64_t size() const { return rows * columns; }
  bool operator==(const MatrixShape&) const = default;
};

// Which elements share a scale. At the right and lower edge of a tensor a block holds what is left
// and is scaled by that alone.
struct BlockShape {
  enum class Kind : uint8_t {
    kElement,  // no scale at all: fp8 without one, bf16
    kFlat,     // `columns` consecutive elements of the flattened tensor (bitsandbytes)
    kTile,     // tiles of `rows` x `columns`; 1x16 is a block along a row
    kRow,      // a whole row
    kTensor,   // the whole tensor
  };
  Kind kind = Kind::kElement;
  // Of kTile both, of kFlat the columns alone; the other kinds look at neither.
  int64_t rows = 1;
  int64_t columns = 0;
  bool operator==(const BlockShape&) const = default;
};

// A tensor as it would be stored. A plain value: it owns its bytes, and is what a file, a GEMM and
// Decode take. Which of its parts are used follows from the format and the options.
struct Quantized {
  MatrixShape shape;
  std::vector<uint8_t> codes;   // packed as the project named by the format packs it
  std::vector<uint8_t> scales;  // fp32 little-endian, E4M3 or E8M0 bytes, row-major, unswizzled;
                                // empty where there are none
  bool has_tensor_scale = false;
  float tensor_scale = 0.0f;  // nvfp4: amax of the tensor; ternary: the mean
  // Double quantization: `scales` then holds 8-bit codes, these their blocks' fp32 scales and the
  // offset.
  std::vector<float> scale_scales;
  float scale_offset = 0.0f;

  // The sum of everything above that has to be kept, padding included and the shape left out.
  int64_t stored_bytes() const;
};

// How the scale of a block is stored: not at all, in four bytes, or in one byte of OCP's 8-bit
// floating point or of its exponents.
enum class ScaleType : uint8_t { kNone, kFp32, kE4M3, kE8M0 };

// The arithmetic of a format, for the fast paths. A format whose arithmetic is none of these says
// kOther and is run through its reference everywhere.
enum class ElementType : uint8_t {
  kFp4,
  kNf4,
  kE2M1,
  kE4M3,
  kE5M2,
  kInt8,
  kInt4,
  kTernary,
  kBinary,
  kFp16,
  kBf16,
  kFp32,
  kOther
};

// How the scale of a block is made from its elements, and how elements are brought to it. The
// arithmetic of each is in numerics/arithmetic/block_scale.h.
enum class ScaleRule : uint8_t {
  kNone,        // elements are rounded as they are
  kReciprocal,  // the block's amax; elements are multiplied by its reciprocal (bitsandbytes)
  kDivided,     // amax / max_value; elements are divided by it
  kPowerOfTwo,  // E8M0 by QuantizeOptions::scale_mode (OCP Microscaling)
  kTwoLevel,    // E4M3 under an fp32 scale for the tensor (NVFP4)
  kMean,        // the mean magnitude of the block
};

// What a format is. The texts outlive every use: they are literals of the format's file.
struct FormatInfo {
  std::string_view name;     // "nvfp4"
  std::string_view summary;  // one sentence for lists and the reference page
  int bits_per_element = 0;  // without scales; as packed
  ScaleType scale_type = ScaleType::kNone;
  std::string_view default_block;        // in the syntax of QuantizeOptions::block
  std::vector<std::string_view> blocks;  // every block that it takes
  ElementType element = ElementType::kOther;
  ScaleRule scale_rule = ScaleRule::kNone;
  // Options that only some formats take (numerics/quantizer_options.h).
  bool stochastic_rounding = false;
  bool double_quantization = false;
  bool four_over_six = false;
  bool scale_modes = false;
  float max_value = 0.0f;      // largest magnitude of an element before scaling; 0: none
  std::string_view reference;  // the project or paper that the bytes are equal to
};

// A number format. Stateless and thread-safe; there is one object of each, which lives as long as
// the program.
class Format {
 public:
  virtual ~Format() = default;

  virtual const FormatInfo& info() const = 0;

  // OK when these options make sense for this format and shape; INVALID_ARGUMENT names the option,
  // its value and why. A shape with no element is an error.
  virtual absl::Status Check(const QuantizeOptions& options, MatrixShape shape) const = 0;

  // The scalar reference. `values` has shape.size() elements; options have passed Check. Neither
  // depends on the floating-point mode of the calling thread: denormals count, ties go to even.
  virtual Quantized Encode(std::span<const float> values, MatrixShape shape,
                           const QuantizeOptions& options) const = 0;
  virtual void Decode(const Quantized& quantized, const QuantizeOptions& options,
                      std::span<float> values) const = 0;

  // Bits per value as stored, scales and padding included, for a tensor of this shape. The options
  // have passed Check for it.
  virtual double BitsPerValue(const QuantizeOptions& options, MatrixShape shape) const = 0;
};

// The format of that name; null when there is none.
const Format* FindFormat(std::string_view name);

// Every format that is linked into the program, in the order of their names. The same list from the
// start of main on.
std::span<const Format* const> AllFormats();

// Reads the syntax of QuantizeOptions::block: "64", "1x16", "row", "tensor", "none".
// INVALID_ARGUMENT: anything else, numbers beyond int64_t included. Whether a format takes the
// block is another question, which Format::Check answers.
absl::StatusOr<BlockShape> ParseBlock(std::string_view text);

// A static object of this type at the end of a format's file makes the format known.
struct FormatRegistration {
  explicit FormatRegistration(const Format& format);
};

}  // namespace fp4::numerics
