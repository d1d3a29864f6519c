# One precompiled header for all libraries, one for those that are UNHURRIED (Fp4Target.cmake), one for all tests: half of
# what a file costs is reading the same fifty headers.
# A target serves another only if both are compiled alike: each has the flags of its kind and no definitions. g++ 12 crashes
# where the optimization differs. Sources with flags of their own read their headers themselves: SKIP_PRECOMPILE_HEADERS.

set(fp4_unhurried_options $<$<CONFIG:Release>:-O1>)

# fp4_precompiled_header(NAME HEADERS … LINKS …): an object library that holds nothing else.
function(fp4_precompiled_header name)
  cmake_parse_arguments(ARG "" "" "HEADERS;LINKS" ${ARGN})
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/${name}.cc CONTENT "// Gives the precompiled header its language.\n")
  add_library(${name} OBJECT EXCLUDE_FROM_ALL ${CMAKE_BINARY_DIR}/generated/${name}.cc)
  target_link_libraries(${name} PRIVATE fp4_compile_options ${ARG_LINKS})
  target_precompile_headers(${name} PRIVATE ${ARG_HEADERS})
endfunction()

function(fp4_reuse_precompiled name owner)
  target_precompile_headers(${name} REUSE_FROM ${owner})
  # g++ 12 forgets that precompiled templates are of a system header, and then takes std::string's short form for an overrun.
  target_compile_options(${name} PRIVATE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-array-bounds>
    $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-restrict> $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-stringop-overflow>
    $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-stringop-overread> $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-dangling-pointer>)
endfunction()

foreach(name fp4_precompiled fp4_precompiled_unhurried)
  fp4_precompiled_header(${name}
    HEADERS ${CMAKE_SOURCE_DIR}/base/precompiled.h
    LINKS absl::statusor absl::strings absl::str_format absl::time)
endforeach()
target_compile_options(fp4_precompiled_unhurried PRIVATE ${fp4_unhurried_options})
if(FP4_TESTS)
  fp4_precompiled_header(fp4_precompiled_test
    HEADERS ${CMAKE_SOURCE_DIR}/base/precompiled.h <gmock/gmock.h> <gtest/gtest.h>
    LINKS absl::statusor absl::strings absl::str_format absl::time GTest::gmock)
  # Programs are compiled with -fPIE.
  set_target_properties(fp4_precompiled_test PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(fp4_precompiled_test PRIVATE -fPIE)
endif()
