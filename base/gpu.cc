#include "base/gpu.h"

#include <dlfcn.h>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace fp4 {
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

}  // namespace

absl::StatusOr<std::unique_ptr<GpuLibrary>> LoadGpuLibrary(const std::string& library) {
  void* handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return absl::NotFoundError(dlerror());
  auto loaded = std::make_unique<NvmlLibrary>(handle);
  FP4_RETURN_IF_ERROR(loaded->Open());
  return loaded;
}

}  // namespace fp4
