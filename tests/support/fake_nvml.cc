// Two GPUs that exist nowhere, behind NVML's C interface, as a shared library.
#include <cstdio>
#include <cstring>

namespace {

unsigned long long g_millijoules = 1'000'000;  // NOLINT(google-runtime-int)

}  // namespace

extern "C" {

int nvmlInit_v2() { return 0; }
int nvmlShutdown() { return 0; }
const char* nvmlErrorString(int) { return "a fake's error"; }

int nvmlDeviceGetCount_v2(unsigned* count) {
  *count = 2;
  return 0;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** device) {
  *device = reinterpret_cast<void*>(static_cast<unsigned long>(index) + 1);  // NOLINT
  return 0;
}

int nvmlDeviceGetName(void*, char* name, unsigned size) {
  std::snprintf(name, size, "Fake GPU");
  return 0;
}

int nvmlDeviceGetUUID(void* device, char* uuid, unsigned size) {
  std::snprintf(uuid, size, "GPU-0000000%lu-fake",
                reinterpret_cast<unsigned long>(device) - 1);  // NOLINT
  return 0;
}

struct Memory {
  unsigned long long total, free, used;  // NOLINT(google-runtime-int)
};

int nvmlDeviceGetMemoryInfo(void*, Memory* memory) {
  *memory = {80ULL << 30, 70ULL << 30, 10ULL << 30};
  return 0;
}

int nvmlDeviceGetTotalEnergyConsumption(void*, unsigned long long* millijoules) {  // NOLINT
  *millijoules = g_millijoules += 500;
  return 0;
}

}  // extern "C"
