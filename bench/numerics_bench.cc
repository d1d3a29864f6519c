// Quantize-dequantize of every format against memcpy of the same tensor with the same threads, and
// encode and decode apart. GB/s count the fp32 bytes of the tensor twice, read and written, as for
// a copy. All times are CPU time of the process divided by the threads, and the best of all
// iterations: on a shared machine the wall clock measures the neighbours. memcpy takes turns with
// what is measured, so that both see the same neighbours.
//
// numerics_bench [--benchmark_filter=…]; FP4_BENCH_THREADS (default 1) and FP4_BENCH_LOG2_SIZE
// (default 24: 16 M values). FP4_BENCH_TENSOR is a file to take the values from, raw fp32; without
// it they are Gaussians.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "numerics/arithmetic/random.h"
#include "numerics/cpu/quantize.h"
#include "numerics/cpu/thread_pool.h"

namespace fp4::numerics {
namespace {

int64_t Setting(const char* name, int64_t fallback) {
  const char* text = std::getenv(name);
  return text == nullptr ? fallback : std::atoll(text);
}

// CPU seconds that all threads of this process have used.
double CpuSeconds() {
  timespec now = {};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// What all benchmarks work on.
struct Workbench {
  int threads = static_cast<int>(Setting("FP4_BENCH_THREADS", 1));
  int64_t size = int64_t{1} << Setting("FP4_BENCH_LOG2_SIZE", 24);
  MatrixShape shape = {size / 4096, 4096};
  cpu::ThreadPool pool{threads};
  ParallelFor parallel = pool.parallel_for();
  float* in = static_cast<float*>(std::aligned_alloc(4096, static_cast<size_t>(size) * 4));
  float* out = static_cast<float*>(std::aligned_alloc(4096, static_cast<size_t>(size) * 4));
  Workbench() {
    std::fill_n(out, size, 0.0f);
    const char* file = std::getenv("FP4_BENCH_TENSOR");
    if (file == nullptr) {
      Draw();
      return;
    }
    std::ifstream stream(file, std::ios::binary);
    if (!stream.read(reinterpret_cast<char*>(in), size * 4)) {
      std::fprintf(stderr, "numerics_bench: %s does not hold %lld fp32 values\n", file,
                   static_cast<long long>(size));
      std::exit(2);
    }
  }

  // Box and Muller.
  void Draw() {
    pool.Run(size, 4096, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        PhiloxWords r = Philox(1, static_cast<uint64_t>(i), 0);
        double radius = std::sqrt(-2.0 * std::log((r.words[0] + 1.0) * 0x1p-32));
        in[i] = static_cast<float>(radius * std::cos(r.words[1] * (0x1p-31 * M_PI)));
      }
    });
  }

  void Copy() {
    pool.Run(size, 4096, [&](int64_t begin, int64_t end) {
      std::memcpy(out + begin, in + begin, static_cast<size_t>(end - begin) * 4);
    });
  }
};

Workbench& Bench() {
  static Workbench* bench = new Workbench;
  return *bench;
}

// Seconds of a thread.
template <class Work>
double Time(Work&& work) {
  double start = CpuSeconds();
  work();
  return (CpuSeconds() - start) / Bench().threads;
}

template <class Work>
void Measure(benchmark::State& state, Work&& work) {
  std::vector<double> works, copies;
  for (auto _ : state) {
    copies.push_back(Time([] { Bench().Copy(); }));
    works.push_back(Time(work));
    state.SetIterationTime(works.back());
  }
  std::sort(works.begin(), works.end());
  std::sort(copies.begin(), copies.end());
  const double best = works.front(), copy = copies.front();
  state.counters["best_ms"] = 1e3 * best;
  state.counters["best_GB/s"] = 8e-9 * static_cast<double>(Bench().size) / best;
  state.counters["memcpy_GB/s"] = 8e-9 * static_cast<double>(Bench().size) / copy;
  state.counters["of_memcpy"] = copy / best;
  state.counters["median_of_memcpy"] = copies[copies.size() / 2] / works[works.size() / 2];
}

void Register(const Format& format, const std::string& label, const QuantizeOptions& options) {
  std::string name = std::string(format.info().name) + label;
  auto add = [&](const std::string& verb, auto work) {
    benchmark::RegisterBenchmark((verb + "/" + name).c_str(),
                                 [work](benchmark::State& state) { Measure(state, work); })
        ->UseManualTime()
        ->Unit(benchmark::kMillisecond)
        ->MinTime(0.15);
  };
  std::span<const float> in(Bench().in, static_cast<size_t>(Bench().size));
  std::span<float> out(Bench().out, static_cast<size_t>(Bench().size));
  add("round_trip", [=, &format] {
    (void)cpu::QuantizeDequantize(format, in, Bench().shape, options, out, Bench().parallel);
  });
  auto quantized = std::make_shared<Quantized>();
  add("encode", [=, &format] {
    (void)cpu::Encode(format, in, Bench().shape, options, *quantized, Bench().parallel);
  });
  add("decode", [=, &format] {
    if (quantized->codes.empty())
      (void)cpu::Encode(format, in, Bench().shape, options, *quantized, Bench().parallel);
    (void)cpu::Decode(format, *quantized, options, out, Bench().parallel);
  });
}

void RegisterAll() {
  for (const Format* format : AllFormats()) Register(*format, "", {});
  auto add = [](std::string_view name, const std::string& label, auto change) {
    QuantizeOptions options;
    change(options);
    Register(*FindFormat(name), label, options);
  };
  auto stochastic = [](QuantizeOptions& o) { o.rounding = Rounding::kStochastic; };
  add("nvfp4", " given amax", [](QuantizeOptions& o) { o.tensor_amax = 3.0f; });
  add("nvfp4", " 16x16", [](QuantizeOptions& o) { o.block = "16x16"; });
  add("nvfp4", " stochastic", stochastic);
  add("mxfp4", " stochastic", stochastic);
  add("nvfp4", " four-over-six", [](QuantizeOptions& o) { o.four_over_six = FourOverSix::kMse; });
  add("nvfp4", " MS-EDEN", [](QuantizeOptions& o) {
    o.ms_eden = true;
    o.hadamard = 128;
  });
  add("fp4", " double quantization", [](QuantizeOptions& o) { o.double_quantization = true; });
}

}  // namespace
}  // namespace fp4::numerics

int main(int argc, char** argv) {
  using namespace fp4::numerics;  // NOLINT: main only
  benchmark::Initialize(&argc, argv);
  benchmark::AddCustomContext("instruction set", std::string(cpu::InstructionSet()));
  benchmark::AddCustomContext("threads", std::to_string(Bench().threads));
  benchmark::AddCustomContext("values", std::to_string(Bench().size));
  RegisterAll();
  benchmark::RunSpecifiedBenchmarks();
}
