# A layer (or part of one): fp4_library(NAME SOURCES a.cc … LINKS targets …). LINKS are public: whoever uses the layer
# sees the headers of what it is built on, and of nothing else.
function(fp4_library name)
  cmake_parse_arguments(ARG "OBJECT" "" "SOURCES;LINKS;PRIVATE_LINKS" ${ARGN})
  if(ARG_OBJECT)
    add_library(${name} OBJECT ${ARG_SOURCES})
  else()
    add_library(${name} STATIC ${ARG_SOURCES})
  endif()
  target_link_libraries(${name} PUBLIC fp4_compile_options ${ARG_LINKS} PRIVATE ${ARG_PRIVATE_LINKS})
endfunction()

# A product binary, into build/bin.
function(fp4_binary name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE fp4_compile_options ${ARG_LINKS})
endfunction()

# A test binary, into build/tests, run as one ctest entry for each of its tests (LABELS for selection; SERIAL: alone).
function(fp4_test name)
  cmake_parse_arguments(ARG "SERIAL;ONE_ENTRY" "TIMEOUT" "SOURCES;LINKS;LABELS;ENVIRONMENT" ${ARGN})
  add_executable(${name} EXCLUDE_FROM_ALL ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE fp4_compile_options ${ARG_LINKS} GTest::gmock GTest::gtest_main)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  add_dependencies(fp4_tests ${name})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  set(properties TIMEOUT ${ARG_TIMEOUT} SKIP_REGULAR_EXPRESSION "\\[  SKIPPED \\]")
  if(ARG_SERIAL)
    list(APPEND properties RUN_SERIAL TRUE)
  endif()
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES ${properties})
  # Apart from the list above: they may be empty or lists themselves.
  set_property(TEST ${name} PROPERTY LABELS ${ARG_LABELS})
  set_property(TEST ${name} PROPERTY ENVIRONMENT ${ARG_ENVIRONMENT})
endfunction()
