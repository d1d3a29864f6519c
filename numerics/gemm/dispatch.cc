// Highway 1.0.3 knows no VNNI target, so the processor is asked directly.
#include "numerics/gemm/dispatch.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace fp4::numerics {
namespace {

#if defined(__x86_64__)
struct Leaf {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
};
Leaf Cpuid(unsigned leaf, unsigned subleaf) {
  Leaf result;
  __get_cpuid_count(leaf, subleaf, &result.eax, &result.ebx, &result.ecx, &result.edx);
  return result;
}
bool Bit(unsigned word, int bit) { return (word >> bit & 1) != 0; }

// The register files that the operating system saves (XCR0).
unsigned SavedState() {
  if (!Bit(Cpuid(1, 0).ecx, 27)) return 0;  // OSXSAVE
  unsigned low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

bool Supports(GemmPath path) {
  constexpr unsigned kYmm = 0x6, kZmm = 0xE6;
  const Leaf features = Cpuid(7, 0);
  const unsigned saved = SavedState();
  const bool avx2 =
      (saved & kYmm) == kYmm && Bit(features.ebx, 5) && Bit(Cpuid(1, 0).ecx, 12);  // AVX2, FMA
  switch (path) {
    case GemmPath::kPortable:
      return true;
    case GemmPath::kAvx2:
      return avx2;
    case GemmPath::kAvxVnni:
      return avx2 && features.eax >= 1 && Bit(Cpuid(7, 1).eax, 4);
    case GemmPath::kAvx512Vnni:  // F, DQ, BW, VL, VNNI
      return avx2 && (saved & kZmm) == kZmm && Bit(features.ebx, 16) && Bit(features.ebx, 17) &&
             Bit(features.ebx, 30) && Bit(features.ebx, 31) && Bit(features.ecx, 11);
  }
  return false;
}

const cpu::GemmKernels* Kernels(GemmPath path) {
  switch (path) {
    case GemmPath::kPortable:
      return &cpu::kGemmPortable;
    case GemmPath::kAvx2:
      return &cpu::kGemmAvx2;
    case GemmPath::kAvxVnni:
      return &cpu::kGemmAvxVnni;
    case GemmPath::kAvx512Vnni:
      return &cpu::kGemmAvx512Vnni;
  }
  return nullptr;
}
#else
bool Supports(GemmPath path) { return path == GemmPath::kPortable; }
const cpu::GemmKernels* Kernels(GemmPath) { return &cpu::kGemmPortable; }
#endif

}  // namespace

std::string_view GemmPathName(GemmPath path) {
  switch (path) {
    case GemmPath::kPortable:
      return "portable";
    case GemmPath::kAvx2:
      return "AVX2";
    case GemmPath::kAvxVnni:
      return "AVX-VNNI";
    case GemmPath::kAvx512Vnni:
      return "AVX512-VNNI";
  }
  return "unknown";
}

bool GemmPathAvailable(GemmPath path) { return cpu::FindGemmKernels(path) != nullptr; }

GemmPath BestGemmPath() {
  static const GemmPath best = [] {
    GemmPath fastest = GemmPath::kPortable;
    for (GemmPath path : kAllGemmPaths) {
      if (Supports(path)) fastest = path;
    }
    return fastest;
  }();
  return best;
}

const cpu::GemmKernels* cpu::FindGemmKernels(GemmPath path) {
  return Supports(path) ? Kernels(path) : nullptr;
}

}  // namespace fp4::numerics
