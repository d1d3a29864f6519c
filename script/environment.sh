# Sourced by the scripts: versions and places that more than one of them needs.
FP4_TORCH_VERSION=2.11.0
# Without an NVIDIA GPU LibTorch needs two of the wheel's fifteen dependencies only.
FP4_TORCH_CPU_WHEELS="nvidia-cuda-runtime==13.0.96 nvidia-cuda-cupti==13.0.85"
FP4_VENV=${FP4_VENV:-$PWD/.venv}
export FP4_VENV

# FP4_ASSUME_NVIDIA=1: builds for a machine with an NVIDIA driver on one without, for example in a container.
fp4_has_nvidia_driver() { [ -n "${FP4_ASSUME_NVIDIA:-}" ] || ldconfig -p 2>/dev/null | grep -q 'libcuda\.so\.1'; }

# Prints the path of a CUDA compiler: the system's, else the one of PyPI in the virtual environment.
fp4_find_nvcc() {
  command -v nvcc 2>/dev/null && return 0
  local candidate
  for candidate in /usr/local/cuda/bin/nvcc "$FP4_VENV"/lib/python3*/site-packages/nvidia/cu13/bin/nvcc; do
    [ -x "$candidate" ] && { echo "$candidate"; return 0; }
  done
  return 1
}
