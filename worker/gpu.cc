#include "worker/gpu.h"

#include <dlfcn.h>

#include <charconv>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"

namespace fp4::worker {
namespace {

// Of nvml.h.
using NvmlDevice = struct NvmlDeviceHandle*;
struct NvmlMemory {
  unsigned long long total, free, used;  // NOLINT(google-runtime-int): the C type
};
constexpr int kNvmlSuccess = 0;
constexpr unsigned kNameSize =
    96;  // NVML_DEVICE_NAME_V2_BUFFER_SIZE, NVML_DEVICE_UUID_V2_BUFFER_SIZE

struct NvmlCalls {
  int (*init)();
  int (*shutdown)();
  const char* (*error_string)(int);
  int (*count)(unsigned*);
  int (*handle)(unsigned, NvmlDevice*);
  int (*name)(NvmlDevice, char*, unsigned);
  int (*uuid)(NvmlDevice, char*, unsigned);
  int (*memory)(NvmlDevice, NvmlMemory*);
  int (*energy)(NvmlDevice, unsigned long long*);  // millijoules; absent in old drivers
};

class NvmlLibrary : public GpuLibrary {
 public:
  explicit NvmlLibrary(void* handle) : handle_(handle) {}
  ~NvmlLibrary() override {
    if (initialized_) calls_.shutdown();
    dlclose(handle_);
  }

  absl::Status Open() {
    bool all = Find("nvmlInit_v2", calls_.init) && Find("nvmlShutdown", calls_.shutdown) &&
               Find("nvmlErrorString", calls_.error_string) &&
               Find("nvmlDeviceGetCount_v2", calls_.count) &&
               Find("nvmlDeviceGetHandleByIndex_v2", calls_.handle) &&
               Find("nvmlDeviceGetName", calls_.name) && Find("nvmlDeviceGetUUID", calls_.uuid) &&
               Find("nvmlDeviceGetMemoryInfo", calls_.memory);
    if (!all) return absl::InternalError(absl::StrCat("the GPU library has no ", missing_));
    Find("nvmlDeviceGetTotalEnergyConsumption", calls_.energy);
    FP4_RETURN_IF_ERROR(Check("nvmlInit", calls_.init()));
    initialized_ = true;
    unsigned count = 0;
    FP4_RETURN_IF_ERROR(Check("nvmlDeviceGetCount", calls_.count(&count)));
    for (unsigned i = 0; i < count; ++i) FP4_RETURN_IF_ERROR(AddDevice(i));
    return absl::OkStatus();
  }

  const std::vector<GpuInfo>& gpus() const override { return gpus_; }

  absl::StatusOr<GpuReading> Read(size_t index) const override {
    NvmlMemory memory{};
    FP4_RETURN_IF_ERROR(Check("nvmlDeviceGetMemoryInfo", calls_.memory(devices_[index], &memory)));
    GpuReading reading{.memory_used_bytes = static_cast<int64_t>(memory.used)};
    unsigned long long millijoules = 0;
    if (calls_.energy != nullptr && calls_.energy(devices_[index], &millijoules) == kNvmlSuccess) {
      reading.energy_joules = static_cast<double>(millijoules) / 1000.0;
      reading.has_energy = true;
    }
    return reading;
  }

 private:
  template <typename Function>
  bool Find(const char* name, Function& function) {
    function = reinterpret_cast<Function>(dlsym(handle_, name));
    if (function == nullptr) missing_ = name;
    return function != nullptr;
  }

  absl::Status Check(const char* call, int result) const {
    if (result == kNvmlSuccess) return absl::OkStatus();
    return absl::InternalError(absl::StrCat(call, ": ", calls_.error_string(result)));
  }

  absl::Status AddDevice(unsigned index) {
    NvmlDevice device = nullptr;
    char name[kNameSize] = "", uuid[kNameSize] = "";
    NvmlMemory memory{};
    FP4_RETURN_IF_ERROR(Check("nvmlDeviceGetHandleByIndex", calls_.handle(index, &device)));
    FP4_RETURN_IF_ERROR(Check("nvmlDeviceGetName", calls_.name(device, name, kNameSize)));
    FP4_RETURN_IF_ERROR(Check("nvmlDeviceGetUUID", calls_.uuid(device, uuid, kNameSize)));
    FP4_RETURN_IF_ERROR(Check("nvmlDeviceGetMemoryInfo", calls_.memory(device, &memory)));
    devices_.push_back(device);
    gpus_.push_back(
        {.uuid = uuid, .name = name, .memory_bytes = static_cast<int64_t>(memory.total)});
    return absl::OkStatus();
  }

  void* handle_;
  NvmlCalls calls_{};
  const char* missing_ = "";
  bool initialized_ = false;
  std::vector<NvmlDevice> devices_;
  std::vector<GpuInfo> gpus_;
};

// The GPU that one entry of CUDA_VISIBLE_DEVICES names; gpus.size(): none, or not one only.
size_t FindGpu(const std::vector<GpuInfo>& gpus, absl::string_view entry) {
  size_t number = 0;
  const char* end = entry.data() + entry.size();
  if (auto [rest, error] = std::from_chars(entry.data(), end, number);
      error == std::errc() && rest == end) {
    return std::min(number, gpus.size());
  }
  size_t match = gpus.size();
  for (size_t i = 0; i < gpus.size() && absl::StartsWith(entry, "GPU-"); ++i) {
    if (!absl::StartsWith(gpus[i].uuid, entry)) continue;
    if (match != gpus.size()) return gpus.size();
    match = i;
  }
  return match;
}

}  // namespace

absl::StatusOr<std::unique_ptr<GpuLibrary>> LoadGpuLibrary(const std::string& library) {
  void* handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return absl::NotFoundError(dlerror());
  auto loaded = std::make_unique<NvmlLibrary>(handle);
  FP4_RETURN_IF_ERROR(loaded->Open());
  return loaded;
}

std::vector<size_t> VisibleGpus(const std::vector<GpuInfo>& gpus, const char* visible) {
  std::vector<size_t> indices;
  if (visible == nullptr) {
    for (size_t i = 0; i < gpus.size(); ++i) indices.push_back(i);
    return indices;
  }
  for (absl::string_view entry : absl::StrSplit(visible, ',')) {
    size_t index = FindGpu(gpus, absl::StripAsciiWhitespace(entry));
    if (index == gpus.size()) break;
    indices.push_back(index);
  }
  return indices;
}

}  // namespace fp4::worker
