option(FP4_TRAINER "Build fp4-train (needs LibTorch)" ON)
option(FP4_SERVICES "Build fp4-controller, fp4-worker and fp4ctl (needs gRPC)" ON)
option(FP4_CUDA "Build libfp4_cuda.so (needs nvcc)" OFF)
option(FP4_TESTS "Configure the tests (the target fp4_tests builds them)" OFF)
option(FP4_BENCHMARKS "Configure the benchmarks (the target fp4_benchmarks builds them)" OFF)
option(FP4_FUZZERS "Configure the fuzz targets (clang; the target fp4_fuzzers builds them)" OFF)
option(FP4_UNITY "Compile several sources of a library at once, which takes half the time (script/lint reads each alone)" ON)
set(FP4_SANITIZE "" CACHE STRING "address (with undefined behaviour) or thread; empty: none")
set(FP4_VENV ${CMAKE_CURRENT_SOURCE_DIR}/.venv CACHE PATH "The virtual environment that script/setup made")

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

find_program(CCACHE ccache)
if(CCACHE)
  set(ccache_command ${CMAKE_SOURCE_DIR}/cmake/compile_cached.sh ${CMAKE_SOURCE_DIR} ${CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${ccache_command})
  set(CMAKE_CUDA_COMPILER_LAUNCHER ${ccache_command})
endif()

if(FP4_CUDA)
  if(NOT CMAKE_CUDA_ARCHITECTURES)
    set(CMAKE_CUDA_ARCHITECTURES 90a)
  endif()
  enable_language(CUDA)
  set(CMAKE_CUDA_RUNTIME_LIBRARY None)
  # CMake 3.25.1 does not know that nvcc speaks C++20, and takes the standard of C++ for CUDA.
  set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION -std=c++20)
  set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION -std=c++20)
  # Named again as a system folder, /usr/include would hide the C headers from the C++ ones.
  list(APPEND CMAKE_CUDA_IMPLICIT_INCLUDE_DIRECTORIES ${CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES})
  # The shared runtime by its full path, so that what links it finds it again: LibTorch's own, when both load.
  find_library(FP4_CUDART cudart PATHS ${CMAKE_CUDA_IMPLICIT_LINK_DIRECTORIES} REQUIRED)
  add_library(cuda_runtime INTERFACE)
  target_link_libraries(cuda_runtime INTERFACE ${FP4_CUDART})
  target_include_directories(cuda_runtime SYSTEM INTERFACE ${CMAKE_CUDA_TOOLKIT_INCLUDE_DIRECTORIES})
endif()

add_library(fp4_compile_options INTERFACE)
target_include_directories(fp4_compile_options INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/generated)

target_compile_options(fp4_compile_options INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wswitch-enum -Werror -ffp-contract=off>)
# gRPC asks for it; a precompiled header serves only what is compiled with the same flags.
target_compile_options(fp4_compile_options INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-pthread>)
if(FP4_SANITIZE STREQUAL "address")
  set(sanitize -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # With its checks compiled in, g++ 12 takes std::function inside std::regex for uninitialized.
    list(APPEND sanitize -Wno-maybe-uninitialized)
  endif()
elseif(FP4_SANITIZE STREQUAL "thread")
  set(sanitize -fsanitize=thread)
elseif(NOT FP4_SANITIZE STREQUAL "")
  message(FATAL_ERROR "FP4_SANITIZE is '${FP4_SANITIZE}'; allowed: address, thread")
endif()
if(FP4_FUZZERS)
  list(APPEND sanitize -fsanitize=fuzzer-no-link)  # coverage of the product's code, which guides the fuzzers
endif()
target_compile_options(fp4_compile_options INTERFACE $<$<COMPILE_LANGUAGE:CXX>:${sanitize}>)
target_link_options(fp4_compile_options INTERFACE ${sanitize})
