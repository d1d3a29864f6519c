# LibTorch as imported targets: torch::cpu (c10, torch_cpu) and, where the wheel is a CUDA one, torch::cuda.
# Looks in CMAKE_PREFIX_PATH (any LibTorch >= 2.6), then in the project's virtual environment. The package files that
# come with the wheel are not used: they insist on a CUDA toolkit.
file(GLOB wheel_roots ${FP4_VENV}/lib/python3*/site-packages/torch)
find_path(TORCH_ROOT NAMES include/torch/csrc/api/include/torch/torch.h PATHS ${wheel_roots} NO_CMAKE_SYSTEM_PATH NO_SYSTEM_ENVIRONMENT_PATH)
find_library(TORCH_CPU_LIBRARY torch_cpu PATHS ${TORCH_ROOT}/lib NO_DEFAULT_PATH)
find_library(TORCH_C10_LIBRARY c10 PATHS ${TORCH_ROOT}/lib NO_DEFAULT_PATH)
find_library(TORCH_CUDA_LIBRARY torch_cuda PATHS ${TORCH_ROOT}/lib NO_DEFAULT_PATH)
find_library(TORCH_C10_CUDA_LIBRARY c10_cuda PATHS ${TORCH_ROOT}/lib NO_DEFAULT_PATH)

if(TORCH_ROOT)
  file(STRINGS ${TORCH_ROOT}/include/torch/headeronly/version.h version_lines REGEX "define TORCH_VERSION_(MAJOR|MINOR|PATCH) ")
  string(REGEX REPLACE "[^0-9;]" "" version_parts "${version_lines}")
  string(REPLACE ";" "." TorchWheel_VERSION "${version_parts}")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(TorchWheel REQUIRED_VARS TORCH_ROOT TORCH_CPU_LIBRARY TORCH_C10_LIBRARY
  VERSION_VAR TorchWheel_VERSION
  REASON_FAILURE_MESSAGE "run script/setup, or pass -DCMAKE_PREFIX_PATH=<LibTorch>")

if(TorchWheel_FOUND AND NOT TARGET torch::cpu)
  add_library(torch::c10 SHARED IMPORTED)
  set_target_properties(torch::c10 PROPERTIES IMPORTED_LOCATION ${TORCH_C10_LIBRARY})
  add_library(torch::cpu SHARED IMPORTED)
  set_target_properties(torch::cpu PROPERTIES IMPORTED_LOCATION ${TORCH_CPU_LIBRARY}
    INTERFACE_LINK_LIBRARIES torch::c10)
  target_include_directories(torch::cpu SYSTEM INTERFACE ${TORCH_ROOT}/include ${TORCH_ROOT}/include/torch/csrc/api/include)
  # libtorch_cpu of a CUDA wheel needs libraries that lie in sibling wheels; its own RPATH finds them at run time.
  target_link_options(torch::cpu INTERFACE -Wl,--allow-shlib-undefined)
  if(TORCH_CUDA_LIBRARY AND TORCH_C10_CUDA_LIBRARY)
    add_library(torch::cuda SHARED IMPORTED)
    set_target_properties(torch::cuda PROPERTIES IMPORTED_LOCATION ${TORCH_CUDA_LIBRARY})
    target_link_libraries(torch::cuda INTERFACE torch::cpu ${TORCH_C10_CUDA_LIBRARY})
  endif()
endif()
