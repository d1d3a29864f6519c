#include <dlfcn.h>
#include <unistd.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "base/number.h"
#include "base/own_program.h"
#include "trainer/backend/backend.h"
#include "trainer/backend/cuda_library.h"

namespace fp4::trainer {
namespace {

constexpr char kDriverLibrary[] = "libcuda.so.1";

// The opened libfp4_cuda.so; it stays open as long as the process lives.
void* cuda_library = nullptr;

bool HasDriver() {
  void* driver = dlopen(kDriverLibrary, RTLD_LAZY | RTLD_LOCAL);
  if (driver != nullptr) dlclose(driver);
  return driver != nullptr;
}

std::unique_ptr<Backend> MakeCudaBackend(int index) {
  auto factory = reinterpret_cast<CudaFactory>(CudaLibrarySymbol(kCudaFactory));
  return std::unique_ptr<Backend>(factory == nullptr ? nullptr : factory(index));
}

}  // namespace

numerics::Quantized Backend::Pack(const QuantizeJob& /*job*/) {
  TORCH_CHECK(false, device_name(), " keeps no tensor packed");
}

void Backend::Unpack(const numerics::Quantized& /*packed*/, const QuantizeJob& /*job*/,
                     const at::Tensor& /*decoded*/) {
  TORCH_CHECK(false, device_name(), " keeps no tensor packed");
}

absl::Status LoadCudaLibrary() {
  if (!HasDriver()) return absl::OkStatus();
  const std::filesystem::path folder = OwnProgram().parent_path();
  cuda_library = dlopen((folder / kCudaLibrary).c_str(), RTLD_NOW | RTLD_GLOBAL);
  if (cuda_library != nullptr) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("there is an NVIDIA driver, but ", dlerror()));
}

void* CudaLibrarySymbol(const char* name) {
  return cuda_library == nullptr ? nullptr : dlsym(cuda_library, name);
}

absl::StatusOr<std::unique_ptr<Backend>> MakeBackend(const std::string& device, bool wants_gpu) {
  if (device == "cpu") return MakeCpuBackend();
  if (device == "auto") {
    std::unique_ptr<Backend> gpu = wants_gpu ? MakeCudaBackend(0) : nullptr;
    return gpu != nullptr ? std::move(gpu) : MakeCpuBackend();
  }
  const absl::StatusOr<int> number = device.starts_with("cuda:")
                                         ? ParseNumber<int>(std::string_view(device).substr(5), 0)
                                         : absl::InvalidArgumentError("no such kind");
  if (!number.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--device is '", device, "'; allowed: auto, cpu, cuda:N"));
  }
  const int index = *number;
  std::unique_ptr<Backend> gpu = MakeCudaBackend(index);
  if (gpu != nullptr) return gpu;
  const char* why = !HasDriver() ? "this machine has no NVIDIA driver (libcuda.so.1)"
                    : cuda_library == nullptr
                        ? "libfp4_cuda.so is not beside fp4-train; script/build --cuda makes it"
                        : "there is no GPU of that number";
  return absl::FailedPreconditionError(absl::StrCat("--device ", device, ": ", why));
}

}  // namespace fp4::trainer
