// The integer GEMM of numerics/gemm/gemm.h beside LibTorch's fp32 and bf16 GEMM, in turns, on the
// same shapes and numbers of threads. Packing is timed apart. Least and median wall time of all
// repetitions, and the least CPU time of the process divided by the threads, which a loaded machine
// disturbs less (but which counts threads that spin); "x fp32" are the quotients.
//
// gemm_bench [MxNxK …]; FP4_BENCH_THREADS (default 1), FP4_BENCH_SECONDS for each shape (default
// 3).
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/version.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/version.h"
#include "numerics/cpu/quantize.h"
#include "numerics/cpu/thread_pool.h"
#include "numerics/gemm/gemm.h"

namespace fp4::numerics {
namespace {

double Setting(const char* name, double fallback) {
  const char* text = std::getenv(name);
  return text == nullptr ? fallback : std::atof(text);
}

double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Seconds of processor time that all threads of this process have used.
double CpuNow() {
  timespec now = {};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// The value of the first line of a file of /proc that starts with `key`.
std::string SystemValue(const char* path, const std::string& key) {
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line)) {
    if (line.starts_with(key)) return line.substr(std::min(line.find(':') + 1, line.size()));
  }
  return "";
}

void Check(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  std::exit(1);
}

struct Contender {
  std::string name;
  std::function<void()> run;
  bool multiplies = true;
  std::vector<double> wall = {}, cpu = {};

  double least() const { return *std::min_element(wall.begin(), wall.end()); }
  double least_cpu() const { return *std::min_element(cpu.begin(), cpu.end()); }
  double median() const {
    std::vector<double> sorted = wall;
    std::sort(sorted.begin(), sorted.end());
    return sorted[sorted.size() / 2];
  }
};

// Runs the contenders in turns. Between them LibTorch's threads get time to go to sleep: for a
// while they spin, and would take the processor from the next one.
void RunInTurns(std::vector<Contender>& contenders, double seconds, int threads) {
  double end = Now() + seconds;
  for (int round = 0; round < 5 || Now() < end; ++round) {
    for (Contender& contender : contenders) {
      if (threads > 1) std::this_thread::sleep_for(std::chrono::milliseconds(5));
      contender.run();  // once untimed: caches as after the call before
      double start = Now(), cpu_start = CpuNow();
      contender.run();
      contender.cpu.push_back((CpuNow() - cpu_start) / threads);
      contender.wall.push_back(Now() - start);
    }
  }
}

struct Shape {
  int64_t m, n, k;
};

// One 4-bit format's side of the comparison.
struct Ours {
  const Format& format;
  MatrixShape x_shape, w_shape;
  Quantized x, w;
  PackedActivations packed_x;
  PackedWeights packed_w;
  std::vector<float> y;

  Ours(std::string_view name, Shape shape, std::span<const float> x_values,
       std::span<const float> w_values, const ParallelFor& parallel)
      : format(*FindFormat(name)),
        x_shape{shape.m, shape.k},
        w_shape{shape.n, shape.k},
        y(static_cast<size_t>(shape.m * shape.n)) {
    Check(cpu::Encode(format, x_values, x_shape, {}, x, parallel));
    Check(cpu::Encode(format, w_values, w_shape, {}, w, parallel));
    Check(PackActivations({&format, &x, {}}, packed_x, parallel));
    Check(PackWeights({&format, &w, {}}, packed_w, parallel));
  }
};

std::span<const float> Values(const at::Tensor& tensor) {
  return {tensor.const_data_ptr<float>(), static_cast<size_t>(tensor.numel())};
}

void PrintRow(const Contender& contender, Shape shape, const Contender& fp32) {
  std::printf("| %ldx%ldx%ld | %s | %.3f | %.3f | %.3f |", shape.m, shape.n, shape.k,
              contender.name.c_str(), 1e3 * contender.least(), 1e3 * contender.median(),
              1e3 * contender.least_cpu());
  if (contender.multiplies) {
    double work = 2e-9 * static_cast<double>(shape.m) * static_cast<double>(shape.n) *
                  static_cast<double>(shape.k);
    std::printf(" %.1f | %.2f | %.2f | %.2f |\n", work / contender.least(),
                fp32.least() / contender.least(), fp32.median() / contender.median(),
                fp32.least_cpu() / contender.least_cpu());
  } else {
    std::printf(" | | | |\n");
  }
  std::fflush(stdout);
}

void RunShape(Shape shape, double seconds, int threads, const ParallelFor& parallel) {
  at::Tensor x = at::randn({shape.m, shape.k}), w = at::randn({shape.n, shape.k});
  at::Tensor y = at::empty({shape.m, shape.n}), w_transposed = w.t();
  at::Tensor x16 = x.to(at::kBFloat16), w16 = w.to(at::kBFloat16).t();
  at::Tensor y16 = at::empty({shape.m, shape.n}, at::kBFloat16);
  Ours nvfp4("nvfp4", shape, Values(x), Values(w), parallel);
  Ours mxfp4("mxfp4", shape, Values(x), Values(w), parallel);
  std::vector<Contender> contenders = {
      {"LibTorch fp32", [&] { at::mm_out(y, x, w_transposed); }},
      {"LibTorch bf16", [&] { at::mm_out(y16, x16, w16); }},
  };
  for (Ours* ours : {&nvfp4, &mxfp4}) {
    std::string name(ours->format.info().name);
    auto add = [&](const char* what, bool multiplies, std::function<void()> run) {
      contenders.push_back({name + what, std::move(run), multiplies});
    };
    add("", true,
        [=, &parallel] { Check(Multiply(ours->packed_x, ours->packed_w, ours->y, parallel)); });
    add(": quantize X", false, [=, &parallel, &x] {
      Check(cpu::Encode(ours->format, Values(x), ours->x_shape, {}, ours->x, parallel));
    });
    add(": pack X", false, [=, &parallel] {
      Check(PackActivations({&ours->format, &ours->x, {}}, ours->packed_x, parallel));
    });
    add(": pack W (once)", false, [=, &parallel] {
      Check(PackWeights({&ours->format, &ours->w, {}}, ours->packed_w, parallel));
    });
  }
  // The slower paths, where that does not take all day.
  for (GemmPath path : kAllGemmPaths) {
    if (path == BestGemmPath() || !GemmPathAvailable(path)) continue;
    if (shape.m * shape.n * shape.k > int64_t{1} << 30) continue;
    contenders.push_back(
        {"nvfp4, " + std::string(GemmPathName(path)),
         [&, path] { Check(Multiply(nvfp4.packed_x, nvfp4.packed_w, nvfp4.y, parallel, path)); }});
  }
  RunInTurns(contenders, seconds, threads);
  for (Contender& contender : contenders) PrintRow(contender, shape, contenders[0]);
}

void PrintConditions(int threads) {
  std::printf("CPU:%s\n", SystemValue("/proc/cpuinfo", "model name").c_str());
  std::printf("Kernels: %s; threads: %d; load average before: %s\n",
              std::string(GemmPathName(BestGemmPath())).c_str(), threads,
              SystemValue("/proc/loadavg", "").c_str());
  std::printf("LibTorch %s; MKL_CBWR: %s; revision %s\n\n", TORCH_VERSION,
              std::getenv("MKL_CBWR") == nullptr ? "unset" : std::getenv("MKL_CBWR"),
              std::string(GitRevision()).c_str());
  std::printf(
      "| M x N x K | what | least ms | median ms | least CPU ms | GFLOP/s, least | x fp32, least | "
      "x fp32, median | x fp32, CPU |\n");
  std::printf("|---|---|---|---|---|---|---|---|---|\n");
}

}  // namespace
}  // namespace fp4::numerics

int main(int argc, char** argv) {
  using namespace fp4::numerics;  // NOLINT: main only
  const auto threads = static_cast<int>(Setting("FP4_BENCH_THREADS", 1));
  std::vector<Shape> shapes;
  for (int i = 1; i < argc; ++i) {
    Shape shape = {};
    if (std::sscanf(argv[i], "%ldx%ldx%ld", &shape.m, &shape.n, &shape.k) != 3 || shape.m < 1 ||
        shape.n < 1 || shape.k < 1) {
      std::fprintf(stderr, "%s: is not a shape; expected MxNxK, as 1536x1536x384\n", argv[i]);
      return 2;
    }
    shapes.push_back(shape);
  }
  if (shapes.empty()) {
    shapes = {{1536, 1536, 384}, {384, 1536, 1536}, {1, 1536, 1536},  {4, 1536, 1536},
              {16, 1536, 1536},  {1, 4096, 4096},   {16, 4096, 4096}, {4096, 4096, 4096}};
  }
  at::set_num_threads(threads);
  c10::InferenceMode inference;
  cpu::ThreadPool pool(threads);
  PrintConditions(threads);
  for (Shape shape : shapes)
    RunShape(shape, Setting("FP4_BENCH_SECONDS", 3), threads, pool.parallel_for());
  return 0;
}
